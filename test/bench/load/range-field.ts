import type { Ranges } from './protocol.ts'

/** Bytes. */
export interface Stretch {
  readonly first: number
  readonly length: number
}

/**
 * The ranges of one request. No range means the whole file.
 *
 * @param next random numbers from 0 to 1, for random positions
 */
export function stretchesOf(ranges: Ranges, next: () => number): Stretch[] {
  switch (ranges.kind) {
    case 'none':
      return []
    case 'fixed':
      return [{ first: ranges.first, length: ranges.length }]
    case 'random':
      return [{ first: Math.floor(next() * (ranges.size - ranges.length)), length: ranges.length }]
    case 'parts': {
      const distance = Math.floor(ranges.size / ranges.count)
      const { length } = ranges
      return Array.from({ length: ranges.count }, (_, index) => ({ first: index * distance, length }))
    }
  }
}

/** The value of a Range field for one or more ranges. */
export function rangeValue(stretches: readonly Stretch[]): string {
  return `bytes=${stretches.map(({ first, length }) => `${first}-${first + length - 1}`).join(',')}`
}
