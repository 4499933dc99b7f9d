import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Body } from './body.ts'
import { BufferPool } from './buffer-pool.ts'
import { isBulkGateBusy, throughBulkGate } from './bulk-gate.ts'
import type { PieceReader } from './piece-reader.ts'
import { isPlainResponse } from './plain-response.ts'

const SLAB_BYTES = 1024 * 1024
/** Slabs are for clients that keep up; together they hold no more than this, whatever the clients do. */
const pool = new BufferPool(SLAB_BYTES, 24)
/** What every other client gets: little enough for thousands that stall. */
const CAREFUL_BYTES = 16 * 1024
/** Socket buffers swallow up to this many bytes of which the client has not read one. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
/** So many bytes must a client have read before it gets slabs. */
const PROVEN_BYTES = 128 * 1024
/** Chunks where this is piped as an ordinary stream: at first, and when so many bytes have gone out. */
const STREAM_FIRST_BYTES = 64 * 1024
const STREAM_PROVEN_BYTES = 1024 * 1024
const STREAM_BYTES = 128 * 1024

/** Bytes of earlier responses that a connection has taken: the next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

interface Loan {
  readonly buffer: Buffer
  readonly pooled: boolean
}

interface Chunk extends Loan {
  /** Bytes of the buffer that are filled. */
  readonly count: number
}

/**
 * The body of a positional representation. Fastify pipes a payload into the response; this one then writes its
 * buffers into the response by itself, in turn, so that every hook of the lifecycle still runs but no stream
 * machinery stands between the file and the socket. Piped anywhere else (a compressing hook, HTTP/2), it is an
 * ordinary Readable.
 */
export class PositionalBody extends Body {
  readonly #reader: PieceReader
  readonly #close: () => void | Promise<void>
  #bytesSent = 0
  #work: Promise<void> = Promise.resolve()
  #abandonWrite: (() => void) | undefined
  #careful: Buffer | undefined

  /** @param close called exactly once, when nothing reads any more */
  constructor(reader: PieceReader, close: () => void | Promise<void>) {
    super({ highWaterMark: STREAM_FIRST_BYTES })
    this.#reader = reader
    this.#close = close
  }

  override get bytesSent(): number {
    return this.#bytesSent - this.readableLength
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    if (options?.end === false || !isPlainResponse(destination)) return super.pipe(destination, options)
    this.#work = this.#pump(destination)
    return destination
  }

  async #pump(response: ServerResponse): Promise<void> {
    const { socket } = response
    const before = socket === null ? 0 : (takenBefore.get(socket) ?? 0)
    try {
      let writing: Promise<void> | undefined
      while (this.#reader.remaining > 0 && !this.destroyed) {
        const proven = before + Math.max(0, this.#bytesSent - SOCKET_BUFFER_BYTES) >= PROVEN_BYTES
        const chunk = proven ? await throughBulkGate(() => this.#read('slab')) : await this.#read('careful')
        await writing
        if (this.destroyed) return giveBack(chunk)
        writing = this.#write(response, chunk)
        // Reading ahead takes a second buffer: only for those that are not likely to let it lie, and only while it
        // does not keep others waiting.
        if (!chunk.pooled || isBulkGateBusy()) await writing
      }
      await writing
      if (socket !== null) takenBefore.set(socket, before + this.#bytesSent)
      this.push(null)
      this.resume()
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #read(want: 'slab' | 'careful'): Promise<Chunk> {
    const slab = want === 'slab' && this.#reader.remaining > CAREFUL_BYTES ? pool.take() : undefined
    const pooled = slab !== undefined
    const buffer = slab ?? this.#carefulBuffer()
    try {
      return { buffer, pooled, count: await this.#reader.fill(buffer) }
    } catch (error) {
      giveBack({ buffer, pooled })
      throw error
    }
  }

  #carefulBuffer(): Buffer {
    this.#careful ??= Buffer.allocUnsafeSlow(Math.min(CAREFUL_BYTES, this.#reader.remaining))
    return this.#careful
  }

  /** Settles when the bytes are with the operating system, or will never be. */
  #write(response: ServerResponse, chunk: Chunk): Promise<void> {
    return new Promise((resolve) => {
      this.#abandonWrite = () => {
        this.#abandonWrite = undefined
        if (chunk.pooled) pool.forfeit()
        resolve()
      }
      const written = (error?: Error | null): void => {
        if (this.#abandonWrite === undefined) return
        this.#abandonWrite = undefined
        if (!error) this.#bytesSent += chunk.count
        giveBack(chunk)
        resolve()
      }
      const bytes = chunk.buffer.subarray(0, chunk.count)
      if (this.#reader.remaining === 0) response.end(bytes, written)
      else response.write(bytes, written)
    })
  }

  override _read(): void {
    if (this.#reader.remaining === 0) {
      this.push(null)
      return
    }
    const most = this.bytesSent < STREAM_PROVEN_BYTES ? STREAM_FIRST_BYTES : STREAM_BYTES
    const buffer = Buffer.allocUnsafe(Math.min(most, this.#reader.remaining))
    this.#work = this.#reader.fill(buffer).then(
      (count) => {
        this.#bytesSent += count
        this.push(buffer.subarray(0, count))
      },
      (error: Error) => {
        this.destroy(error)
      },
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abandonWrite?.()
    // The connection is cut at once; the descriptor waits for the read that may be using it.
    this.#work.then(this.#close).catch(() => {})
    super._destroy(error, callback)
  }
}

function giveBack(chunk: Loan): void {
  if (chunk.pooled) pool.give(chunk.buffer)
}
