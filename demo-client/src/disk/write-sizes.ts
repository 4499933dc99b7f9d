// How much is gathered before it is written, and how much may wait: shares of the file, so that a kill costs little.
import { BUFFER_BYTES } from '../files/buffers.ts'

/** No more than this share of the file is taken while the journal before it is still on its way to the disk. */
const BACKLOG_SHARE = 1 / 32
/** A write begins with this share of the file: what waits in memory is what a kill costs first. */
const WRITE_SHARE = 1 / 256
const MIN_WRITE_BYTES = 16 * 1024
/** Bytes in memory, at most, of one connection. */
const MAX_UNWRITTEN_BYTES = 4 * BUFFER_BYTES

/** In bytes, for one connection of a file of `total`; null: of unknown size. */
export function writeSizes(total: number | null): { readonly batch: number; readonly backlog: number } {
  const share =
    total === null ? MAX_UNWRITTEN_BYTES : Math.max(MIN_WRITE_BYTES, Math.ceil(total * WRITE_SHARE))
  return { batch: Math.min(BUFFER_BYTES, share), backlog: Math.min(MAX_UNWRITTEN_BYTES, share) }
}

/** So many bytes may be received that the newest journal does not name. */
export function maxUnrecordedBytes(total: number | null): number {
  return total === null ? Number.POSITIVE_INFINITY : Math.max(MIN_WRITE_BYTES, total * BACKLOG_SHARE)
}
