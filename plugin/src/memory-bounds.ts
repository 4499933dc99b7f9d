/**
 * What a process may hold at most, in one place. Each bound names the module that keeps it. These hold for each answer
 * and each connection:
 *
 * - HTTP/1: only the answer whose turn it is has an open file and memory (`connection/response-turn.ts`).
 * - HTTP/2: {@link ANSWERS_PER_SESSION} answers of a session have a body, and {@link OPENS_PER_SESSION} a file that is
 *   being opened.
 * - An answer has one chunk: {@link LARGE_CHUNK_BYTES}, {@link SMALL_CHUNK_BYTES} or {@link CAREFUL_CHUNK_BYTES}. Of
 *   thousands of clients that stall, each has one of the last kind.
 * - An answer has {@link MAX_READS_PER_ANSWER} reads under way.
 *
 * Open descriptors are bounded by the `maxOpenFiles` option and by `files/descriptor-budget.ts`.
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes of a chunk for clients that keep up, if no hook sees the body. Kept by `body/chunk-memory.ts`. */
export const LARGE_CHUNK_BYTES: number = 512 * KIB
/**
 * Bytes of a chunk for all clients while enough are free, and of answers that are sent at once. Kept by `body/chunk-memory.ts`.
 */
export const SMALL_CHUNK_BYTES: number = 64 * KIB
/** Bytes of a chunk if many clients wait: small enough for thousands that stall. Kept by `body/chunk-memory.ts`. */
export const CAREFUL_CHUNK_BYTES: number = 8 * KIB

/**
 * Bytes of the first chunks over HTTP/2, where a client may have many answers open and read none of them. Kept by
 * `body/read-ahead.ts`.
 */
export const HTTP2_FIRST_BYTES: number = 16 * KIB

/** How many chunks of one size a process has at most. */
interface ChunkBounds {
  /** In use at a time. */
  readonly inUse: number
  /** On top of these, in the connections of clients that have stopped reading. */
  readonly overdue: number
}

/** Large chunks: 16 and 48 MiB. Kept by the chunk pools of `body/chunk-memory.ts`. */
export const LARGE_CHUNKS: ChunkBounds = { inUse: 32, overdue: 96 }
/** Small chunks: 8 and 8 MiB. Kept by the chunk pools of `body/chunk-memory.ts`. */
export const SMALL_CHUNKS: ChunkBounds = { inUse: 128, overdue: 128 }
/** Chunks of {@link SMALL_CHUNK_BYTES} that are read into and copied from: 4 MiB. Kept by `body/chunk-memory.ts`. */
export const STAGING_CHUNKS = 64

/**
 * Bytes of long bodies that are written in one turn of the event loop. A write that has begun is not split. Kept by
 * `body/write-turns.ts`, and by `body/pump.ts` while many wait.
 */
export const BULK_BYTES_PER_TURN: number = 256 * KIB

/** Bytes of small ranges that are cached, over all files. Kept by `files/range-cache.ts`. */
export const MAX_CACHED_RANGE_BYTES: number = 16 * MIB

/**
 * Reads of one answer that are under way at a time. A multipart answer may need hundreds. Kept by
 * `body/piece-reader.ts`.
 */
export const MAX_READS_PER_ANSWER = 4

/** Bytes between two ranges that are read with them to save a call. Kept by `sources/grouped-reads.ts`. */
export const MAX_GAP_BYTES: number = 8 * KIB

/**
 * How many answers of one HTTP/2 session may do something at a time. The others wait, and have no file and no memory.
 */
interface SessionBounds {
  /** Those that make progress. */
  readonly moving: number
  /** All of them, with those of which the client takes nothing. */
  readonly total: number
}

/** Answers of a session that send a body. Kept by `connection/response-turn.ts`. */
export const ANSWERS_PER_SESSION: SessionBounds = { moving: 32, total: 128 }
/**
 * Answers of a session that have opened a file to decide, also if opening hangs. Kept by `connection/response-turn.ts`.
 */
export const OPENS_PER_SESSION: SessionBounds = { moving: 32, total: 64 }

/**
 * Operations on one storage that wait for their turn. One more is answered with 503. Kept by
 * `files/file-operations.ts`.
 */
export const MAX_WAITING_OPERATIONS = 10_000

/** Bytes that are read at once for a hash. Kept by `files/content-hash.ts` and `body/content-digest.ts`. */
export const HASH_CHUNK_BYTES: number = 256 * KIB
/** Bytes that all hashes together take in within a turn of the event loop. Kept by `sources/hash-turns.ts`. */
export const HASH_STEP_BYTES: number = 64 * KIB

/** How many files are hashed for digests at a time, and how many more wait. The others have no digest yet. */
interface HashBounds {
  readonly running: number
  readonly waiting: number
}

/** Files that an answer waits for. Each has a step in memory. Kept by `files/file-digests.ts`. */
export const SMALL_HASHES: HashBounds = { running: 4, waiting: 64 }
/** Files that are hashed in the background. Each has a step in memory, and a descriptor. Kept by `files/file-digests.ts`. */
export const LARGE_HASHES: HashBounds = { running: 2, waiting: 32 }
/** Answers that wait for the digest of their content. Each has a step in memory. Kept by `body/content-digest.ts`. */
export const CONTENT_HASHES: HashBounds = { running: 4, waiting: 64 }
/** Digests that are remembered, about 300 bytes each. Kept by `files/file-digests.ts`. */
export const MAX_KNOWN_DIGESTS = 16_384
/** Hashes that were begun and then no longer wanted. They can go on. Kept by `files/file-digests.ts`. */
export const MAX_PAUSED_HASHES = 64
