import type { ServerResponse } from 'node:http'
import { isNativeResponse } from '../connection/native-response.ts'
import { SendRangeError } from '../errors.ts'
import { admitOnly } from '../guards/sole-writer.ts'
import { failureOf } from '../sources/given-up.ts'
import { ownBytes, ownCopy } from '../sources/own-bytes.ts'
import { Body, type BodyOptions } from './body.ts'
import type { PieceReader } from './piece-reader.ts'
import { type FirstChunk, Pump } from './pump.ts'

/** The largest chunk if this is read as an ordinary stream. Chunks grow to this with the bytes that were sent. */
const MAX_STREAM_CHUNK_BYTES = 128 * 1024
const STREAM_CHUNK_STEP_BYTES = 16 * 1024
/**
 * A client that takes longer for a chunk gets small ones again. How much of a chunk was taken does not show over HTTP/2, so a
 * client that takes a part of one counts as one that stalls.
 */
const SLOW_CHUNK_MS = 1000

/** Where the reading of a body goes on. */
export interface PositionalStart {
  readonly reader: PieceReader
  /** The bytes before, which were read already. */
  readonly first?: FirstChunk
}

/** What a {@link PositionalBody} is made of. */
export interface PositionalBodyOptions extends BodyOptions {
  /** Called when the body is read for the first time. */
  readonly takeStart: () => PositionalStart
  /** Bytes of the first chunks if this is read as an ordinary stream. */
  readonly firstChunkBytes: number
}

/**
 * The body of a positional representation: an ordinary Readable with fresh memory for each chunk.
 *
 * If only the response can read it, and the response writes to a socket of the system through Node's own methods,
 * `pipe` uses a {@link Pump}, which uses its memory again. The pump is the only reader: it starts only if nothing has
 * read or listens, and a read by other code while it runs ends the answer.
 */
export class PositionalBody extends Body {
  #reader: PieceReader | undefined
  /** Bytes that were read and not handed out. */
  #first: FirstChunk | undefined
  readonly #options: PositionalBodyOptions
  /** What reads this. Set once. */
  #readBy: 'none' | 'stream' | 'pump' = 'none'
  #bytesSent = 0
  /** Bytes that were sent when the client was last slow. */
  #sentSlowly = 0
  #pushedAt = Number.POSITIVE_INFINITY
  #work: Promise<void> = Promise.resolve()
  #pump: Pump | undefined

  constructor(options: PositionalBodyOptions) {
    super({ highWaterMark: options.firstChunkBytes })
    this.#options = options
    if (options.readers === 'anybody') this.refuseLateReaders()
  }

  protected override forResponse(): PositionalBody | undefined {
    if (this.#options.readers === 'response only') return undefined
    const body = new PositionalBody({ ...this.#options, readers: 'response only' })
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
    const pump = this.#newPump(response)
    this.#pump = pump
    // The pump calls methods below the guard. So the guard sees only what other code writes.
    admitOnly(response, {
      handedOut: () => 0,
      isSpent: () => false,
      isGivenUp: () => this.destroyed,
      refuse: this.refuseForeign,
      fail: this.failThrown,
    })
    try {
      await pump.run()
      if (this.destroyed) return
      this.pushBytes(null)
      this.resume()
    } catch (error) {
      this.destroy(failureOf(error))
    }
  }

  /** A function that waits keeps its variables. So the one that waits for the pump has none of the first bytes. */
  #newPump(response: ServerResponse): Pump {
    const onWritten = (byteCount: number): void => {
      this.#bytesSent += byteCount
    }
    const { reader, first } = this.#options.takeStart()
    return new Pump({ reader, first, response, onWritten, onForeign: this.refuseForeign })
  }

  override _read(): void {
    if (this.#readBy === 'pump') {
      this.destroy(new SendRangeError('ERR_RANGE_READ', 'Something else reads the body of this answer'))
      return
    }
    this.#readBy = 'stream'
    if (performance.now() - this.#pushedAt > SLOW_CHUNK_MS) this.#sentSlowly = this.bytesSent
    const reader = this.#begin()
    const first = this.#takeFirst()
    if (first !== undefined || reader.remaining === 0) {
      this.#pushChunk(first)
      return
    }
    const buffer = ownBytes(Math.min(this.#chunkBytes(), reader.remaining))
    // What reads this may throw while it gets the chunk.
    this.#work = reader
      .fill(buffer)
      .then((count) => this.#pushChunk(buffer.subarray(0, count)))
      .catch((error: unknown) => {
        this.destroy(failureOf(error))
      })
  }

  #begin(): PieceReader {
    if (this.#reader !== undefined) return this.#reader
    const { reader, first } = this.#options.takeStart()
    this.#reader = reader
    this.#first = first
    return reader
  }

  /** What reads this stream may keep its chunks. */
  #takeFirst(): Uint8Array | undefined {
    const first = this.#first
    this.#first = undefined
    if (first === undefined) return undefined
    const { chunk, count, isPooled } = first
    const bytes = chunk.bytes.subarray(0, count)
    const own = isPooled ? ownCopy(bytes) : bytes
    chunk.giveBack()
    return own
  }

  #pushChunk(chunk: Uint8Array | undefined): void {
    this.#bytesSent += chunk?.length ?? 0
    this.#pushedAt = performance.now()
    this.pushBytes(chunk ?? null)
  }

  /** Half of the bytes that were sent: each chunk costs a read, and a client that stops reading holds less than it has read. */
  #chunkBytes(): number {
    const earned =
      Math.floor((this.bytesSent - this.#sentSlowly) / 2 / STREAM_CHUNK_STEP_BYTES) * STREAM_CHUNK_STEP_BYTES
    return Math.min(MAX_STREAM_CHUNK_BYTES, Math.max(this.#options.firstChunkBytes, earned))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pump?.stop()
    // The connection is cut at once. The descriptor is closed after the read that may be using it.
    this.#work.then(this.#options.close).catch(() => {})
    super._destroy(error, callback)
  }
}
