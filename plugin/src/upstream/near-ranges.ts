import type { ByteRange } from '../rules/range-set.ts'

/** Ranges that are this many bytes apart, or more, have requests of their own. */
const MAX_GAP_BYTES = 256 * 1024

/** Bytes between ranges that one answer may ask for in vain, besides as many as it sends. */
const MAX_WASTED_BYTES = 1024 * 1024

/** Whether a body that is at `position` is read on to a range that begins at `first`. */
export function isNear(position: number, first: number): boolean {
  return position <= first && first - position < MAX_GAP_BYTES
}

/**
 * Says which ranges of one answer come with one request: the bytes between near ones are asked for too, and thrown away.
 * They are bounded, or a client that asks for some bytes here and there would have the store send the whole object.
 */
export class NearRanges {
  #spareBytes = MAX_WASTED_BYTES

  /**
   * The last byte of a request that begins with `range`.
   *
   * @param following the ranges after it, in the order in which they are sent
   */
  lastTogether(range: ByteRange, following: Iterable<ByteRange>): number {
    let { last } = range
    for (const next of following) {
      const gap = next.first - last - 1
      if (!isNear(last + 1, next.first) || gap > this.#spareBytes) break
      this.#spareBytes += next.last - next.first + 1 - gap
      last = next.last
    }
    return last
  }
}
