// How many bytes are collected before a write, and how many may wait. These are shares of the file, so that a kill loses little.
import { BUFFER_BYTES } from '../files/buffers.ts'

/** While a journal is being written, at most this share of the file is received. */
const BACKLOG_SHARE = 1 / 32
/** A write starts with this share of the file, since a kill loses the bytes in memory first. */
const WRITE_SHARE = 1 / 256
const MIN_WRITE_BYTES = 16 * 1024
/** A file of up to this many bytes is written in one piece if it comes at once. */
const ONE_WRITE_BYTES = 64 * 1024
/** The most bytes in memory for one connection. */
const MAX_UNWRITTEN_BYTES = 4 * BUFFER_BYTES
/** Most files of up to this many bytes are complete before their first journal would be. */
const SMALL_FILE_BYTES = 1024 * 1024

/** In bytes, for one connection of a download of `total` bytes; null: of unknown size. */
export function writeSizes(total: number | null): { readonly batch: number; readonly backlog: number } {
  const share =
    total === null ? MAX_UNWRITTEN_BYTES : Math.max(MIN_WRITE_BYTES, Math.ceil(total * WRITE_SHARE))
  const batch = total !== null && total <= ONE_WRITE_BYTES ? ONE_WRITE_BYTES : Math.min(BUFFER_BYTES, share)
  return { batch, backlog: Math.min(MAX_UNWRITTEN_BYTES, share) }
}

/** The most bytes that may be received and not yet in a journal. */
export function maxUnrecordedBytes(total: number | null): number {
  return total === null ? Number.POSITIVE_INFINITY : Math.max(MIN_WRITE_BYTES, total * BACKLOG_SHARE)
}

/** Is a file so small that its first journal can wait? A kill then loses all of it, and that is little. */
export function isSmall(total: number | null): boolean {
  return total !== null && total <= SMALL_FILE_BYTES
}
