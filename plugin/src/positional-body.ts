import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Body } from './body.ts'
import { type Chunk, ChunkPool } from './chunk-pool.ts'
import { SendRangeError } from './errors.ts'
import {
  CAREFUL_CHUNK_BYTES,
  LARGE_CHUNK_BYTES,
  LARGE_CHUNKS,
  SMALL_CHUNK_BYTES,
  SMALL_CHUNKS,
} from './memory-bounds.ts'
import { isNativeResponse, watchSystemWrites } from './native-response.ts'
import type { PieceReader } from './piece-reader.ts'
import { asError } from './source-checks.ts'

const large = new ChunkPool({ chunkBytes: LARGE_CHUNK_BYTES, ...LARGE_CHUNKS })
/** For all bodies; also used for answers that are sent in one piece. */
export const smallChunks: ChunkPool = new ChunkPool({ chunkBytes: SMALL_CHUNK_BYTES, ...SMALL_CHUNKS })
/** Socket buffers at both ends take up to this many bytes of which the client has not read one. */
const SOCKET_BUFFER_BYTES = 10 * 1024 * 1024
/** A client that has read this many bytes counts as keeping up. */
const PROVEN_BYTES = 128 * 1024
/** More clients than this that stopped reading large chunks: only those that keep up get one. */
const FEW_LATE = 4
/** Chunks where this is read as an ordinary stream: at first, and when this many bytes have gone out. */
const STREAM_FIRST_BYTES = 64 * 1024
const STREAM_PROVEN_BYTES = 1024 * 1024
const STREAM_BYTES = 128 * 1024

/** Bytes of earlier responses that a connection has taken: the next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

/** Who can get at the body: the response alone, or hooks of the application too. */
export type BodyReaders = 'response only' | 'anybody'

/** What a {@link PositionalBody} is made of. */
export interface PositionalBodyOptions {
  readonly reader: PieceReader
  /** Called exactly once, when nothing reads any more. */
  readonly close: () => void | Promise<void>
  readonly readers: BodyReaders
  /** Told of the body that the response gets for itself. */
  readonly onForResponse: (body: PositionalBody) => void
}

/**
 * The body of a positional representation: an ordinary Readable with fresh memory for each chunk.
 *
 * Where only the response can read it, and the response writes to a socket of the system through Node's own methods,
 * `pipe` is a direct way that uses its memory again. It has one reader by construction: it is taken only while nobody
 * has read or listens, and a read by anybody else while it runs ends the answer.
 */
export class PositionalBody extends Body {
  readonly #reader: PieceReader
  readonly #options: PositionalBodyOptions
  /** Who reads: set once. */
  #readBy: 'nobody' | 'stream' | 'pump' = 'nobody'
  #bytesSent = 0
  #work: Promise<void> = Promise.resolve()
  /** Chunks whose write has not been reported. */
  readonly #unreported = new Set<Chunk>()
  /** Ends the wait for a write that the response will never report. */
  #abandonWrite: (() => void) | undefined

  constructor(options: PositionalBodyOptions) {
    super({ highWaterMark: STREAM_FIRST_BYTES })
    this.#options = options
    this.#reader = options.reader
    if (options.readers === 'anybody') this.refuseLateReaders()
  }

  protected override forResponse(): PositionalBody | undefined {
    if (this.#options.readers === 'response only') return undefined
    const reader = this.#options.reader.fromStart()
    const body = new PositionalBody({ ...this.#options, reader, readers: 'response only' })
    this.#options.onForResponse(body)
    return body
  }

  override get bytesSent(): number {
    return this.#bytesSent - this.readableLength
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    if (options?.end === false || !this.#isUnread() || !isNativeResponse(destination))
      return super.pipe(destination, options)
    this.#readBy = 'pump'
    this.#work = this.#pump(destination)
    return destination
  }

  #isUnread(): boolean {
    return (
      this.#options.readers === 'response only' &&
      this.#readBy === 'nobody' &&
      this.readableFlowing === null &&
      this.listenerCount('data') === 0 &&
      this.listenerCount('readable') === 0
    )
  }

  async #pump(response: ServerResponse): Promise<void> {
    const { socket } = response
    const before = socket === null ? 0 : (takenBefore.get(socket) ?? 0)
    try {
      while (this.#reader.remaining > 0 && !this.destroyed) {
        const chunk = this.#borrow(
          before + Math.max(0, this.#bytesSent - SOCKET_BUFFER_BYTES) >= PROVEN_BYTES,
        )
        const count = await this.#fill(chunk)
        if (this.destroyed) return chunk.giveBack()
        await this.#write(response, chunk, count)
      }
      // Fastify destroys a payload at the end of its response: what was sent counts all the same.
      if (socket !== null) takenBefore.set(socket, before + this.#bytesSent)
      if (this.destroyed) return
      this.give(null)
      this.resume()
    } catch (error) {
      this.destroy(asError(error))
    }
  }

  /** Large memory for a client that keeps up, and for others while few have let it lie. */
  #borrow(isProven: boolean): Chunk {
    const { remaining } = this.#reader
    if (remaining > SMALL_CHUNK_BYTES) {
      const isPlenty = large.late < FEW_LATE && large.free > (LARGE_CHUNKS.lent * 3) / 4
      const chunk = isProven || isPlenty ? large.take() : undefined
      if (chunk !== undefined) return chunk
    }
    const chunk = remaining > CAREFUL_CHUNK_BYTES ? smallChunks.take() : undefined
    return chunk ?? freshChunk(Math.min(CAREFUL_CHUNK_BYTES, remaining))
  }

  async #fill(chunk: Chunk): Promise<number> {
    try {
      return await this.#reader.fill(chunk.bytes)
    } catch (error) {
      chunk.giveBack()
      throw error
    }
  }

  /**
   * Settles when the next bytes can be written, as for any stream, or never will be. The memory comes back only when the
   * write itself was reported and the socket has passed the bytes on.
   */
  #write(response: ServerResponse, chunk: Chunk, count: number): Promise<void> {
    const bytes = chunk.bytes.subarray(0, count)
    const isWithSystem = watchSystemWrites(response)
    const isLast = this.#reader.remaining === 0
    return new Promise((resolve) => {
      const proceed = (): void => {
        response.off('drain', proceed)
        this.#abandonWrite = undefined
        resolve()
      }
      this.#unreported.add(chunk)
      const written = (error?: Error | null): void => {
        this.#unreported.delete(chunk)
        if (error || !isWithSystem(count)) chunk.writeOff()
        else chunk.giveBack()
        if (!error) this.#bytesSent += count
        proceed()
      }
      this.#abandonWrite = proceed
      if (isLast) {
        response.end(bytes, written)
        return
      }
      response.on('drain', proceed)
      if (response.write(bytes, written)) proceed()
    })
  }

  override _read(): void {
    if (this.#readBy === 'pump') {
      this.destroy(new SendRangeError('ERR_RANGE_READ', 'Something else reads the body of this answer'))
      return
    }
    this.#readBy = 'stream'
    if (this.#reader.remaining === 0) {
      this.give(null)
      return
    }
    const most = this.bytesSent < STREAM_PROVEN_BYTES ? STREAM_FIRST_BYTES : STREAM_BYTES
    const buffer = Buffer.allocUnsafeSlow(Math.min(most, this.#reader.remaining))
    this.#work = this.#reader.fill(buffer).then(
      (count) => {
        this.#bytesSent += count
        this.give(buffer.subarray(0, count))
      },
      (error: unknown) => {
        this.destroy(asError(error))
      },
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abandonWrite?.()
    for (const chunk of this.#unreported) chunk.writeOff()
    // The connection is cut at once; the descriptor waits for the read that may be using it.
    this.#work.then(this.#options.close).catch(() => {})
    super._destroy(error, callback)
  }
}

/** Memory that is used once. */
function freshChunk(length: number): Chunk {
  return { bytes: Buffer.allocUnsafeSlow(length), giveBack() {}, writeOff() {} }
}
