// Which bytes can be asked for while an output takes them in order and only some fit into memory. Pure.
import type { Interval } from './blocks.ts'

/** The bytes for which there is room. */
export interface Window {
  /** The next byte that is missing. The output has got, or can be given, everything before it. */
  readonly start: number
  /** There is no room for this byte, nor for those after it. It moves up as the output takes bytes. */
  readonly end: number
  /** How many bytes may wait for the output. */
  readonly size: number
  /** Resolves when the output has taken more bytes. Null if it has taken all that it can be given, soon or now. */
  readonly moved: Promise<void> | null
}

/** A window holds two segments for each connection: one that arrives, and one that waits for those before it. */
const SEGMENTS_PER_CONNECTION = 2

/**
 * A larger buffer does not make a segment larger than this. Otherwise the output would get only what one connection brings,
 * while the others fetch what comes long after that.
 */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024

/**
 * A small buffer does not make a segment smaller than this, or than half of the buffer: many connections would send a request
 * for every few hundred bytes. Some of them have to wait for room then.
 */
const MIN_SEGMENT_BYTES = 256 * 1024

/** The most bytes that one connection is asked to fetch. */
export function segmentIn({ size }: Pick<Window, 'size'>, connections: number): number {
  const share = Math.floor(size / (SEGMENTS_PER_CONNECTION * connections))
  const least = Math.min(MIN_SEGMENT_BYTES, Math.floor(size / 2))
  return Math.min(MAX_SEGMENT_BYTES, Math.max(1, least, share))
}

/**
 * The part of the `free` bytes that can be asked for now, or null.
 *
 * Nothing beyond the window is asked for, so no connection waits for room while another one has yet to fetch what comes
 * before its bytes. The only exception is a connection that is alone and starts with the next byte. Where the window ends
 * within the free bytes, a segment waits until there is room for all of it; a slow reader would cause many small requests.
 */
export function openPart(
  free: Interval,
  { start, end }: Pick<Window, 'start' | 'end'>,
  { segment, isAlone }: { readonly segment: number; readonly isAlone: boolean },
): Interval | null {
  if (free.end <= end || (isAlone && free.start === start)) return free
  return end - free.start < segment ? null : { start: free.start, end }
}
