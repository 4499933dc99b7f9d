import type { ServerResponse } from 'node:http'
import { isNativeResponse } from '../connection/native-response.ts'
import { SendRangeError } from '../errors.ts'
import { admitOnly } from '../guards/sole-writer.ts'
import { failureOf } from '../sources/given-up.ts'
import { ownBytes } from '../sources/own-bytes.ts'
import { Body, type BodyReaders } from './body.ts'
import type { PieceReader } from './piece-reader.ts'
import { Pump } from './pump.ts'

/** Chunks where this is read as an ordinary stream grow with the bytes that have gone out, to this. */
const MAX_STREAM_CHUNK_BYTES = 128 * 1024
const STREAM_CHUNK_STEP_BYTES = 16 * 1024

/** What a {@link PositionalBody} is made of. */
export interface PositionalBodyOptions {
  readonly reader: PieceReader
  /** Called exactly once, when nothing reads any more. */
  readonly close: () => void | Promise<void>
  readonly readers: BodyReaders
  /** Bytes of the first chunks where this is read as an ordinary stream. */
  readonly firstChunkBytes: number
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
  #readBy: 'none' | 'stream' | 'pump' = 'none'
  #bytesSent = 0
  #work: Promise<void> = Promise.resolve()
  #pump: Pump | undefined

  constructor(options: PositionalBodyOptions) {
    super({ highWaterMark: options.firstChunkBytes })
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
    if (!this.canFill(destination, options)) return destination
    this.#readBy = 'pump'
    this.#work = this.#pumpInto(destination)
    return destination
  }

  #isUnread(): boolean {
    return (
      this.#options.readers === 'response only' &&
      this.#readBy === 'none' &&
      this.readableFlowing === null &&
      this.listenerCount('data') === 0 &&
      this.listenerCount('readable') === 0
    )
  }

  async #pumpInto(response: ServerResponse): Promise<void> {
    const onWritten = (byteCount: number): void => {
      this.#bytesSent += byteCount
    }
    const onForeign = this.refuseForeign
    this.#pump = new Pump({ reader: this.#reader, response, onWritten, onForeign })
    // The pump writes past the guard, so that whatever comes by it is of something else.
    admitOnly(response, {
      handedOut: () => 0,
      isSpent: () => false,
      isGivenUp: () => this.destroyed,
      refuse: onForeign,
    })
    try {
      await this.#pump.run()
      if (this.destroyed) return
      this.pushBytes(null)
      this.resume()
    } catch (error) {
      this.destroy(failureOf(error))
    }
  }

  override _read(): void {
    if (this.#readBy === 'pump') {
      this.destroy(new SendRangeError('ERR_RANGE_READ', 'Something else reads the body of this answer'))
      return
    }
    this.#readBy = 'stream'
    if (this.#reader.remaining === 0) {
      this.pushBytes(null)
      return
    }
    const buffer = ownBytes(Math.min(this.#chunkBytes(), this.#reader.remaining))
    this.#work = this.#reader.fill(buffer).then(
      (count) => {
        this.#bytesSent += count
        this.pushBytes(buffer.subarray(0, count))
      },
      (error: unknown) => {
        this.destroy(failureOf(error))
      },
    )
  }

  /** An eighth of what has gone out: what a client that stops reading holds is little beside what it has read. */
  #chunkBytes(): number {
    const earned = Math.floor(this.bytesSent / 8 / STREAM_CHUNK_STEP_BYTES) * STREAM_CHUNK_STEP_BYTES
    return Math.min(MAX_STREAM_CHUNK_BYTES, Math.max(this.#options.firstChunkBytes, earned))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pump?.stop()
    // The connection is cut at once; the descriptor waits for the read that may be using it.
    this.#work.then(this.#options.close).catch(() => {})
    super._destroy(error, callback)
  }
}
