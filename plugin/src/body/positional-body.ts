import type { ServerResponse } from 'node:http'
import { isNativeResponse } from '../connection/native-response.ts'
import { SendRangeError } from '../errors.ts'
import { admitOnly } from '../guards/sole-writer.ts'
import { failureOf } from '../sources/given-up.ts'
import { ownBytes } from '../sources/own-bytes.ts'
import { Body, type BodyReaders } from './body.ts'
import type { PieceReader } from './piece-reader.ts'
import { Pump } from './pump.ts'

/** The largest chunk if this is read as an ordinary stream. Chunks grow to this with the bytes that were sent. */
const MAX_STREAM_CHUNK_BYTES = 128 * 1024
const STREAM_CHUNK_STEP_BYTES = 16 * 1024

/** What a {@link PositionalBody} is made of. */
export interface PositionalBodyOptions {
  readonly reader: PieceReader
  /** Called exactly once, when nothing reads any more. */
  readonly close: () => void | Promise<void>
  readonly readers: BodyReaders
  /** Bytes of the first chunks if this is read as an ordinary stream. */
  readonly firstChunkBytes: number
  /** Called with the body that is made for the response. */
  readonly onForResponse: (body: PositionalBody) => void
}

/**
 * The body of a positional representation: an ordinary Readable with fresh memory for each chunk.
 *
 * If only the response can read it, and the response writes to a socket of the system through Node's own methods,
 * `pipe` uses a {@link Pump}, which uses its memory again. The pump is the only reader: it starts only if nothing has
 * read or listens, and a read by other code while it runs ends the answer.
 */
export class PositionalBody extends Body {
  readonly #reader: PieceReader
  readonly #options: PositionalBodyOptions
  /** What reads this. Set once. */
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
    // The pump calls methods below the guard. So the guard sees only what other code writes.
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

  /** An eighth of the bytes that were sent: a client that stops reading holds little compared with what it has read. */
  #chunkBytes(): number {
    const earned = Math.floor(this.bytesSent / 8 / STREAM_CHUNK_STEP_BYTES) * STREAM_CHUNK_STEP_BYTES
    return Math.min(MAX_STREAM_CHUNK_BYTES, Math.max(this.#options.firstChunkBytes, earned))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pump?.stop()
    // The connection is cut at once. The descriptor is closed after the read that may be using it.
    this.#work.then(this.#options.close).catch(() => {})
    super._destroy(error, callback)
  }
}
