import type { Spread } from './statistics.ts'

const STEPS: readonly [number, string][] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
]

/** A duration in the most readable unit. */
export function formatSeconds(seconds: number): string {
  const [scale, unit] = STEPS.find(([step]) => seconds >= step) ?? [1e-9, 'ns']
  return `${significant(seconds / scale)} ${unit}`
}

/** The median, followed by the minimum and the maximum, all from seconds. */
export function formatSpread({ median, least, most }: Spread): string {
  const [scale, unit] = STEPS.find(([step]) => median >= step) ?? [1e-9, 'ns']
  const [middle, from, to] = [median, least, most].map((seconds) => significant(seconds / scale))
  return `${middle} ${unit} (${from}–${to})`
}

/** A ratio, such as 2×. */
export function formatRatio(ratio: number): string {
  return `${significant(ratio)}×`
}

/** Bytes in binary units. */
export function formatBytes(bytes: number): string {
  const kib = bytes / 1024
  return Math.abs(kib) < 1024 ? `${significant(kib)} KiB` : `${significant(kib / 1024)} MiB`
}

function significant(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}
