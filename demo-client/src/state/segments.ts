// How a file is divided among connections. Positions in bytes, ends exclusive.
import type { Interval } from './blocks.ts'

/** A part of the file that one connection fetches. `end` moves down when the second half is split off. */
export interface OpenSegment {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** The next byte to receive. */
  readonly position: number
}

/** How much one connection is asked to fetch at once. */
export interface SegmentPolicy {
  /** Bytes in a segment; null: chosen from the missing bytes and the number of connections. */
  readonly segmentSize: number | null
  readonly connections: number
  /** What each of them would fetch if all were equally fast, in bytes. */
  readonly share: number
  /** No segment larger than this, in bytes. */
  readonly limit: number
}

/** The smallest segment chosen automatically, in bytes. */
export const MIN_SEGMENT_BYTES: number = 4 * 1024 * 1024
/** The largest segment chosen automatically when there are several connections, in bytes. */
export const MAX_SEGMENT_BYTES: number = 1024 * 1024 * 1024

/** Parts with a Content-Digest are no larger, in bytes: each counts only as a whole, and servers hash them before they answer. */
export const MAX_DIGESTED_BYTES: number = 8 * 1024 * 1024

/** The next segment, out of the `free` intervals (neither received nor being fetched), or null. */
export function nextSegment(free: readonly Interval[], policy: SegmentPolicy): Interval | null {
  const first = free[0]
  if (first === undefined) return null
  const end = Math.min(first.end, first.start + segmentLength(policy))
  return { start: first.start, end }
}

function segmentLength(policy: SegmentPolicy): number {
  if (policy.segmentSize !== null) return policy.segmentSize
  if (policy.connections === 1) return policy.limit
  // An equal share for each, because every request costs a round trip. A connection that is done early takes half of
  // another's remainder.
  return Math.min(policy.limit, MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, policy.share))
}

/** A split leaves at least this many bytes on either side: less is not worth a second connection. */
const MIN_SPLIT_BYTES = 512 * 1024

/**
 * The segment with the largest remainder, and where to cut it so that an idle connection takes the second half. It takes no
 * more than `share`, in bytes, because other idle connections get theirs from the same remainder.
 */
export function largestRemainder<S extends OpenSegment>(
  open: Iterable<S>,
  share: number = Number.POSITIVE_INFINITY,
): { segment: S; at: number } | null {
  let best: S | null = null
  for (const segment of open) {
    if (best === null || segment.end - segment.position > best.end - best.position) best = segment
  }
  if (best === null || !Number.isFinite(best.end) || best.end - best.position < 2 * MIN_SPLIT_BYTES)
    return null
  const half = Math.ceil((best.position + best.end) / 2)
  return { segment: best, at: Math.max(half, best.end - Math.max(share, MIN_SPLIT_BYTES)) }
}
