import type { FastifyReply } from 'fastify'
import { isNativeResponse, watchSystemWrites } from '../connection/native-response.ts'
import { whenOver } from '../connection/response-lifetime.ts'
import type { Layout } from '../rules/multipart.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { type FillableRepresentation, isFillable } from '../sources/fillable.ts'
import { type OwnBytes, ownBytes, ownCopy } from '../sources/own-bytes.ts'
import type { PositionalRepresentation } from '../sources/source.ts'
import type { BodyReaders } from './body.ts'
import { smallChunks } from './chunk-memory.ts'
import type { Chunk } from './chunk-pool.ts'
import { PieceReader } from './piece-reader.ts'

/** Shorter memory is cheap: it comes from Node's own pool. */
const MIN_POOLED_BYTES = 4 * 1024

/** What a short body is read from, and what can read it. */
export interface ShortBodyOptions {
  /** The layout of a fillable one has one range. */
  readonly representation: PositionalRepresentation | FillableRepresentation
  readonly layout: Layout
  readonly readers: BodyReaders
  /** Aborted when the bytes are no longer wanted. */
  readonly signal: AbortSignal
}

/** A body that is in memory as a whole. */
export interface ShortBody {
  readonly bytes: OwnBytes
  /** Call this right before the bytes are sent on the reply. */
  endWithResponse(): void
  /** Call this if they are not sent. */
  discard(): void
}

/**
 * Reads a body into memory: cached bytes are copied, others are read at once and offered to the cache.
 *
 * @throws SendRangeError what reading throws
 */
export async function readShortBody(reply: FastifyReply, options: ShortBodyOptions): Promise<ShortBody> {
  const { representation, layout, readers, signal } = options
  const range = onlyRangeOf(layout)
  const cached = range && !isFillable(representation) ? representation.cached?.(range) : undefined
  if (cached !== undefined) return ownMemory(ownCopy(cached))
  const chunk = isPooled(reply, layout.length, readers) ? smallChunks.take() : undefined
  const body =
    chunk === undefined ? ownMemory(ownBytes(layout.length)) : pooledMemory(reply, chunk, layout.length)
  try {
    if (!isFillable(representation)) {
      await new PieceReader(representation, layout, signal).fill(body.bytes)
      if (range !== undefined) representation.offerToCache?.(range, body.bytes)
    } else if (range !== undefined) await representation.fill(range, body.bytes)
    return body
  } catch (error) {
    // The read of a source may have been given up, and may still go on.
    body.discard()
    throw error
  }
}

function onlyRangeOf(layout: Layout): ByteRange | undefined {
  const [piece] = layout.pieceCount === 1 ? [layout.piece(0)] : []
  return piece?.kind === 'range' ? piece.range : undefined
}

/** Memory is used again if only Node gets the payload. */
function isPooled(reply: FastifyReply, length: number, readers: BodyReaders): boolean {
  return length >= MIN_POOLED_BYTES && readers !== 'anybody' && isNativeResponse(reply.raw)
}

function ownMemory(bytes: OwnBytes): ShortBody {
  return { bytes, endWithResponse() {}, discard() {} }
}

/** The memory belongs to this answer until it is given back. Every view of it is empty then. */
function pooledMemory(reply: FastifyReply, chunk: Chunk, length: number): ShortBody {
  return {
    bytes: chunk.bytes.subarray(0, length) as OwnBytes,
    endWithResponse: () => giveBackAfter(reply, chunk, length),
    discard: () => chunk.writeOff(),
  }
}

/** `finish` is emitted when the last write was reported. */
function giveBackAfter(reply: FastifyReply, chunk: Chunk, length: number): void {
  const isWithSystem = watchSystemWrites(reply.raw)
  reply.raw.once('finish', () => {
    if (isWithSystem(length)) chunk.giveBack()
  })
  whenOver(reply, () => setImmediate(() => chunk.writeOff()))
}
