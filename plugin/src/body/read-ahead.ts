import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { isNativeResponse } from '../connection/native-response.ts'
import { type RawResponse, whenOver } from '../connection/response-lifetime.ts'
import { CAREFUL_CHUNK_BYTES, HTTP2_FIRST_BYTES, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'
import type { Layout } from '../rules/multipart.ts'
import { closeOnce } from '../sources/close-once.ts'
import { ReadOpenings } from '../sources/reopened-reads.ts'
import {
  isPositional,
  type PositionalRepresentation,
  type Representation,
  type StreamedRepresentation,
} from '../sources/source.ts'
import type { Body, BodyOptions, BodyReaders } from './body.ts'
import { fillChunk, freshChunk, takeChunk } from './chunk-memory.ts'
import { ChunkReader } from './chunk-reader.ts'
import { isKeepingUp } from './keeping-up.ts'
import { PieceReader } from './piece-reader.ts'
import { PositionalBody, type PositionalStart } from './positional-body.ts'
import { StreamedBody } from './streamed-body.ts'

/** What a body is read from, and what can read it. */
export interface ReadAheadOptions {
  readonly representation: Representation
  readonly layout: Layout
  readonly readers: BodyReaders
  /** Opens the same representation again; undefined if it is no longer there. */
  readonly reopen: () => Promise<Representation | undefined>
  /** Aborted when the bytes are no longer wanted. */
  readonly signal: AbortSignal
}

/**
 * A body of which the first bytes have been read. They go to the first that reads it: the response, or a hook. Others read
 * from the start.
 */
export interface BegunBody {
  make(options: BodyOptions): Body
  /** Ends a reading that nothing has taken. Resolves when nothing is being read for it. */
  discard(): Promise<void>
}

/**
 * Reads the first bytes of a body, those that are sent with its head. If the representation is found changed by then, no
 * byte of it has gone out, and it can be opened again. Nothing is read twice: the body goes on after these bytes.
 *
 * @throws what reading throws. Nothing is being read any more then
 */
export async function readAhead(reply: FastifyReply, options: ReadAheadOptions): Promise<BegunBody> {
  const { representation } = options
  return isPositional(representation)
    ? readPositionsAhead(reply, representation, options)
    : readChunksAhead(reply, representation, options)
}

async function readPositionsAhead(
  reply: FastifyReply,
  representation: PositionalRepresentation,
  { layout, readers, signal }: ReadAheadOptions,
): Promise<BegunBody> {
  const raw: RawResponse = reply.raw
  const firstChunkBytes = raw instanceof Http2ServerResponse ? HTTP2_FIRST_BYTES : SMALL_CHUNK_BYTES
  const reader = new PieceReader(representation, layout, signal)
  // A hook may keep what it reads. So it must not get memory that is used again.
  const isPooled = readers === 'response only' && isNativeResponse(raw)
  const chunk = isPooled
    ? (takeChunk(reader, isKeepingUp(raw, 0)) ?? freshChunk(Math.min(CAREFUL_CHUNK_BYTES, reader.remaining)))
    : freshChunk(Math.min(firstChunkBytes, reader.remaining))
  const count = await fillChunk(reader, chunk)
  let begun: PositionalStart | undefined = { reader, first: { chunk, count, isPooled } }
  const takeStart = (): PositionalStart => {
    const start = begun ?? { reader: new PieceReader(representation, layout, signal) }
    begun = undefined
    return start
  }
  return {
    make: (body) => new PositionalBody({ takeStart, firstChunkBytes, ...body }),
    async discard() {
      // Only `begun` refers to the chunk: an answer may wait for its client for a long time.
      begun?.first?.chunk.giveBack()
      begun = undefined
    },
  }
}

async function readChunksAhead(
  reply: FastifyReply,
  representation: StreamedRepresentation,
  { layout, reopen }: ReadAheadOptions,
): Promise<BegunBody> {
  const openings = new ReadOpenings(representation, {
    open: reopen,
    close: (opened) => closeOnce(() => opened.close(), reply.log)(),
  })
  const newReader = (): ChunkReader => new ChunkReader(openings.forReader(), layout)
  const first = newReader()
  let isTaken = false
  const discard = async (): Promise<void> => {
    if (!isTaken) await first.end()
  }
  // A source may never yield its first chunk.
  whenOver(reply, discard)
  try {
    await first.readAhead()
  } catch (error) {
    await first.end()
    throw error
  }
  const takeReader = (): ChunkReader => {
    if (isTaken) return newReader()
    isTaken = true
    return first
  }
  return { make: (body) => new StreamedBody({ takeReader, ...body }), discard }
}
