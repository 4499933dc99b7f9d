import {
  CAREFUL_CHUNK_BYTES,
  LARGE_CHUNK_BYTES,
  LARGE_CHUNKS,
  SMALL_CHUNK_BYTES,
  SMALL_CHUNKS,
  STAGING_CHUNKS,
} from '../memory-bounds.ts'
import { ownBytes } from '../sources/own-bytes.ts'
import { type Chunk, ChunkPool } from './chunk-pool.ts'
import type { PieceReader } from './piece-reader.ts'
import { Staging } from './staging.ts'

const large = new ChunkPool({ chunkBytes: LARGE_CHUNK_BYTES, ...LARGE_CHUNKS })
/** For all bodies, and for answers that are sent in one piece. */
export const smallChunks: ChunkPool = new ChunkPool({ chunkBytes: SMALL_CHUNK_BYTES, ...SMALL_CHUNKS })
/** For clients that may stop reading at any byte. */
export const staging: Staging = new Staging({ chunkBytes: SMALL_CHUNK_BYTES, inUse: STAGING_CHUNKS })
/** If more large chunks than this are overdue, only clients that keep up get one. */
const MAX_OVERDUE_FOR_LARGE = 4

/**
 * Takes a large chunk for a client that keeps up, and for others while few large ones are overdue. Otherwise takes a small
 * one while enough are free. An answer of many parts needs much memory for its ranges, and gets no chunk.
 */
export function takeChunk(
  { remaining, hasManyPieces }: Pick<PieceReader, 'remaining' | 'hasManyPieces'>,
  isKeepingUp: boolean,
): Chunk | undefined {
  if (remaining <= CAREFUL_CHUNK_BYTES) return freshChunk(remaining)
  if (hasManyPieces) return undefined
  if (remaining > SMALL_CHUNK_BYTES) {
    const hasSpareLarge = large.overdue < MAX_OVERDUE_FOR_LARGE && large.free > (LARGE_CHUNKS.inUse * 7) / 8
    const chunk = isKeepingUp || hasSpareLarge ? large.take() : undefined
    if (chunk !== undefined) return chunk
  }
  return isKeepingUp || smallChunks.free > SMALL_CHUNKS.inUse / 4 ? smallChunks.take() : undefined
}

/** Memory that is not used again. */
export function freshChunk(length: number): Chunk {
  return { bytes: ownBytes(length), giveBack() {}, writeOff() {} }
}

/** Reads the next bytes of a body into a chunk. Returns their count. */
export async function fillChunk(reader: PieceReader, chunk: Chunk): Promise<number> {
  try {
    return await reader.fill(chunk.bytes)
  } catch (error) {
    // The read of a source may have been given up, and may still go on.
    chunk.writeOff()
    throw error
  }
}
