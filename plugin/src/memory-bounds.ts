/**
 * What a process may hold at most, in one place. Each bound is kept by the module that it is named after; per answer
 * and per connection there are these:
 *
 * - HTTP/1: the answer whose turn it is, and no other, has an open file and memory ({@link ResponseTurn}).
 * - HTTP/2: {@link ANSWERS_PER_SESSION} of a session have, and {@link OPENS_PER_SESSION} a file that is being opened.
 * - An answer holds one chunk: {@link LARGE_CHUNK_BYTES}, {@link SMALL_CHUNK_BYTES} or {@link CAREFUL_CHUNK_BYTES}.
 *   The last is what thousands of clients that stall hold each; the memory that it was read into is taken back.
 * - An answer has {@link MAX_READS_PER_ANSWER} reads under way.
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of a chunk for clients that keep up, where no hook sees the body. */
export const LARGE_CHUNK_BYTES: number = 512 * KIB
/** Bytes of a chunk for everybody, as far as they go; also of answers that are sent in one piece. */
export const SMALL_CHUNK_BYTES: number = 64 * KIB
/** Bytes of a chunk where many clients wait: little enough for thousands that stall. */
export const CAREFUL_CHUNK_BYTES: number = 8 * KIB

/** Bytes of the first chunks over HTTP/2, where a client may have many answers open and take none of them. */
export const HTTP2_FIRST_BYTES: number = 16 * KIB

/** Large chunks that are lent at a time, and those that clients who have stopped reading keep on top: 16 and 48 MiB. */
export const LARGE_CHUNKS: { readonly inUse: number; readonly overdue: number } = { inUse: 32, overdue: 96 }
/** The same for small chunks: 8 and 8 MiB. */
export const SMALL_CHUNKS: { readonly inUse: number; readonly overdue: number } = { inUse: 128, overdue: 128 }
/** Memory of {@link SMALL_CHUNK_BYTES} each that is read into and copied from, and taken back in between: 4 MiB. */
export const STAGING_CHUNKS = 64

/** Bytes of small ranges that are kept in memory, over all files. */
export const MAX_CACHED_RANGE_BYTES: number = 16 * MIB

/** Reads of one answer that are under way at a time; a multipart answer may need hundreds. */
export const MAX_READS_PER_ANSWER = 4

/** Bytes between two ranges that are read with them, where that saves a call; nothing keeps them. */
export const MAX_GAP_BYTES: number = 8 * KIB

/**
 * Answers with a body that one HTTP/2 session has open at a time: those that get on, and all, with those of which the
 * client takes nothing. The others wait, and hold nothing meanwhile.
 */
export const ANSWERS_PER_SESSION: { readonly moving: number; readonly total: number } = {
  moving: 32,
  total: 128,
}
/** Representations that one HTTP/2 session has opened at a time to decide on answers; also while opening hangs. */
export const OPENS_PER_SESSION: typeof ANSWERS_PER_SESSION = { moving: 32, total: 64 }

/** Operations on the files of one storage that wait for their turn. One more is answered with 503. */
export const MAX_WAITING_OPERATIONS = 10_000
