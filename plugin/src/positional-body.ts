import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Body } from './body.ts'
import { BufferPool } from './buffer-pool.ts'
import { isBulkGateBusy, throughBulkGate } from './bulk-gate.ts'
import type { PieceReader } from './piece-reader.ts'
import { isPlainResponse } from './plain-response.ts'

const SLAB_BYTES = 1024 * 1024
const SLABS = 24
/** For clients that keep up; for all others too while more than half are free. They bound what clients can hold. */
const slabs = new BufferPool(SLAB_BYTES, SLABS)
const MIDDLING_BYTES = 64 * 1024
/** For everybody, as far as they go. */
const middling = new BufferPool(MIDDLING_BYTES, 128)
/** What is left for the rest: little enough for thousands that stall. */
const CAREFUL_BYTES = 16 * 1024
/** Socket buffers swallow up to this many bytes of which the client has not read one. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
/** So many bytes must a client have read to count as one that keeps up. */
const PROVEN_BYTES = 128 * 1024
/** Chunks where this is piped as an ordinary stream: at first, and when so many bytes have gone out. */
const STREAM_FIRST_BYTES = 64 * 1024
const STREAM_PROVEN_BYTES = 1024 * 1024
const STREAM_BYTES = 128 * 1024

/** Bytes of earlier responses that a connection has taken: the next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

interface Loan {
  readonly buffer: Buffer
  /** Where it goes back to; undefined: it is the body's own. */
  readonly pool: BufferPool | undefined
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
        const chunk = await this.#read(proven)
        await writing
        if (this.destroyed) return giveBack(chunk)
        writing = this.#write(response, chunk)
        // Reading ahead takes a second buffer: only for those that are not likely to let it lie, and only while it
        // does not keep others waiting.
        if (!proven || chunk.pool === undefined || isBulkGateBusy()) await writing
      }
      await writing
      if (socket !== null) takenBefore.set(socket, before + this.#bytesSent)
      this.push(null)
      this.resume()
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #read(proven: boolean): Promise<Chunk> {
    const enough = slabs.free > (proven ? 0 : SLABS / 2)
    if (!enough || this.#reader.remaining <= MIDDLING_BYTES) return this.#fill(this.#lendSmall())
    // Lent when it is its turn: a slab that was used a moment ago is still in the processor's cache.
    return throughBulkGate(() => {
      const slab = slabs.take()
      return this.#fill(slab === undefined ? this.#lendSmall() : { buffer: slab, pool: slabs })
    })
  }

  #lendSmall(): Loan {
    const { remaining } = this.#reader
    const buffer = remaining > CAREFUL_BYTES ? middling.take() : undefined
    if (buffer !== undefined) return { buffer, pool: middling }
    this.#careful ??= Buffer.allocUnsafeSlow(Math.min(CAREFUL_BYTES, remaining))
    return { buffer: this.#careful, pool: undefined }
  }

  async #fill(loan: Loan): Promise<Chunk> {
    try {
      return { ...loan, count: await this.#reader.fill(loan.buffer) }
    } catch (error) {
      giveBack(loan)
      throw error
    }
  }

  /** Settles when the bytes are with the operating system, or will never be. */
  #write(response: ServerResponse, chunk: Chunk): Promise<void> {
    return new Promise((resolve) => {
      this.#abandonWrite = () => {
        this.#abandonWrite = undefined
        chunk.pool?.forfeit()
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

function giveBack({ buffer, pool }: Loan): void {
  pool?.give(buffer)
}
