import { randomNumbers } from '../../bench/pattern.ts'
import { SIZES } from './content.ts'

/** One request: a file, and the ranges that are asked of it; both ends of a range are inclusive. */
export interface Ask {
  readonly file: number
  readonly ranges: readonly { readonly first: number; readonly last: number }[]
}

/** Files larger than this are requested whole less often, so that a run ends. */
const LARGE = 64 * 1024 + 1
const LARGE_SHARE = 0.08
const RANGE_SHARE = 0.3
const MULTIPART_SHARE = 0.15

/** An endless sequence of requests, the same for the same seed. */
export function makeAsks(seed: number): () => Ask {
  const next = randomNumbers(seed)
  const below = (limit: number): number => Math.floor(next() * limit)
  const small = SIZES.filter((size) => size <= LARGE).length
  return () => {
    const isLarge = next() < LARGE_SHARE
    const file = isLarge ? small + below(SIZES.length - small) : below(small)
    const size = SIZES[file] ?? 0
    const share = next()
    if (share < MULTIPART_SHARE && size > 4000) return { file, ranges: apart(size, below(size / 4)) }
    if (share < MULTIPART_SHARE + RANGE_SHARE) {
      const first = below(size)
      return { file, ranges: [{ first, last: Math.min(size - 1, first + below(LARGE * 2)) }] }
    }
    return { file, ranges: [] }
  }
}

/** Two ranges that neither touch nor cover the file. */
function apart(size: number, first: number): Ask['ranges'] {
  const second = Math.floor(size / 2)
  return [
    { first, last: first + Math.floor(size / 5) },
    { first: second, last: second + Math.floor(size / 5) },
  ]
}

/** The value of the Range field, undefined for the whole file. */
export function rangeField({ ranges }: Ask): string | undefined {
  if (ranges.length === 0) return undefined
  return `bytes=${ranges.map(({ first, last }) => `${first}-${last}`).join(',')}`
}
