// Which bytes of a file are there, and which are missing. Positions in bytes, ends exclusive.
import { combineCrc32 } from './crc32.ts'

/** The bytes from `start` up to, not including, `end`. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** Received bytes and the CRC-32 of their content. */
export interface Block extends Interval {
  readonly crc: number
}

/** Blocks do not grow beyond this, so that damage in one costs at most this many bytes. */
export const MAX_BLOCK_BYTES: number = 64 * 1024 * 1024

/** The number of bytes in `intervals`, which must not overlap. */
export function byteCount(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, interval) => sum + interval.end - interval.start, 0)
}

/** `blocks` (sorted, disjoint) with one more, joined to its neighbours where it touches them. */
export function addBlock(blocks: readonly Block[], block: Block): Block[] {
  if (block.end <= block.start) return [...blocks]
  const at = blocks.findIndex((other) => other.start >= block.start)
  const index = at === -1 ? blocks.length : at
  const result = blocks.slice(0, index)
  for (const next of [block, ...blocks.slice(index)]) {
    const last = result.at(-1)
    if (last !== undefined && last.end === next.start && next.end - last.start <= MAX_BLOCK_BYTES) {
      const crc = combineCrc32(last.crc, next.crc, next.end - next.start)
      result[result.length - 1] = { start: last.start, end: next.end, crc }
    } else {
      result.push(next)
    }
  }
  return result
}

/** The intervals between 0 and `total` that `taken` does not cover, in order. */
export function gaps(taken: readonly Interval[], total: number): Interval[] {
  const missing: Interval[] = []
  let position = 0
  for (const { start, end } of taken.toSorted((a, b) => a.start - b.start)) {
    if (start > position) missing.push({ start: position, end: Math.min(start, total) })
    position = Math.max(position, end)
    if (position >= total) return missing
  }
  if (position < total) missing.push({ start: position, end: total })
  return missing
}

/** The parts of `interval` that `taken` does not cover, in order. */
export function uncovered({ start, end }: Interval, taken: readonly Interval[]): Interval[] {
  return gaps([{ start: 0, end: start }, ...taken], end)
}

/** `intervals`, cut into pieces of at most `bytes`. */
export function cutInto(intervals: readonly Interval[], bytes: number): Interval[] {
  const pieces: Interval[] = []
  for (const { start, end } of intervals)
    for (let from = start; from < end; from += bytes)
      pieces.push({ start: from, end: Math.min(end, from + bytes) })
  return pieces
}
