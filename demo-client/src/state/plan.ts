// Which bytes are there, which are missing, which to ask for next. Pure; positions in bytes, ends exclusive.
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

/** An interval lent to one connection. `end` moves down when the rest is split off. */
export interface Lease {
  readonly start: number
  end: number
  /** The next byte to receive. */
  position: number
}

/** Blocks do not grow beyond this, so that damage found in one costs no more. */
export const BLOCK_LIMIT: number = 64 * 1024 * 1024

/** The number of bytes in `intervals`, which must not overlap. */
export function size(intervals: readonly Interval[]): number {
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
    if (last !== undefined && last.end === next.start && next.end - last.start <= BLOCK_LIMIT) {
      const crc = combineCrc32(last.crc, next.crc, next.end - next.start)
      result[result.length - 1] = { start: last.start, end: next.end, crc }
    } else {
      result.push(next)
    }
  }
  return result
}

/** What of 0 to `total` none of `taken` covers, in order. */
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

/** How much to lend at once. */
export interface SegmentPolicy {
  /** Bytes in a segment; null: chosen from what is left and the number of connections. */
  readonly segmentSize: number | null
  readonly connections: number
  /** What each of them would fetch if all were equally fast, in bytes. */
  readonly share: number
  /** No segment larger than this, in bytes. */
  readonly limit: number
}

/** The smallest segment chosen automatically, in bytes. */
export const SMALLEST_SEGMENT: number = 4 * 1024 * 1024
/** The largest segment chosen automatically when there are several connections, in bytes: long ones cost a connection. */
export const LARGEST_SEGMENT: number = 1024 * 1024 * 1024

/** The next interval to lend out of the `free` ones (those neither received nor lent), or null. */
export function nextSegment(free: readonly Interval[], policy: SegmentPolicy): Interval | null {
  const first = free[0]
  if (first === undefined) return null
  const end = Math.min(first.end, first.start + segmentLength(policy))
  return { start: first.start, end }
}

function segmentLength(policy: SegmentPolicy): number {
  if (policy.segmentSize !== null) return policy.segmentSize
  if (policy.connections === 1) return policy.limit
  // An equal share for each: every request costs a round trip, and who is done early takes half of a rest.
  return Math.min(policy.limit, LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT, policy.share))
}

/** A rest smaller than this, in bytes, is not worth a second connection. */
const SMALLEST_SPLIT = 512 * 1024

/** The lease with the largest rest, and where to cut it so that an idle connection takes the second half. */
export function largestRest<L extends Lease>(leases: Iterable<L>): { lease: L; at: number } | null {
  let best: L | null = null
  for (const lease of leases) {
    if (best === null || lease.end - lease.position > best.end - best.position) best = lease
  }
  if (best === null || !Number.isFinite(best.end) || best.end - best.position < 2 * SMALLEST_SPLIT)
    return null
  return { lease: best, at: Math.ceil((best.position + best.end) / 2) }
}
