import { failureOf } from '../sources/given-up.ts'
import { Body, type BodyOptions } from './body.ts'
import type { ChunkReader } from './chunk-reader.ts'

/** What a {@link StreamedBody} is made of. */
export interface StreamedBodyOptions extends BodyOptions {
  /** Called when the body is read for the first time. */
  readonly takeReader: () => ChunkReader
}

/** The body of a representation that yields chunks. The source is read when this is read. */
export class StreamedBody extends Body {
  readonly #options: StreamedBodyOptions
  #reader: ChunkReader | undefined
  #bytesPushed = 0

  constructor(options: StreamedBodyOptions) {
    // Nothing is read ahead of a client that does not read: a source may have large chunks.
    super({ highWaterMark: 0 })
    this.#options = options
    if (options.readers === 'anybody') this.refuseLateReaders()
  }

  protected override forResponse(): StreamedBody | undefined {
    if (this.#options.readers === 'response only') return undefined
    const body = new StreamedBody({ ...this.#options, readers: 'response only' })
    this.#options.onForResponse(body)
    return body
  }

  override get bytesSent(): number {
    return this.#bytesPushed - this.readableLength
  }

  override _read(): void {
    this.#reader ??= this.#options.takeReader()
    // What reads this may throw while it gets the chunk.
    this.#reader
      .next()
      .then((chunk) => this.#pushChunk(chunk))
      .catch((thrown: unknown) => this.destroy(failureOf(thrown)))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    Promise.resolve(this.#reader?.end())
      .then(this.#options.close)
      .catch(() => {})
    super._destroy(error, callback)
  }

  #pushChunk(chunk: Uint8Array | undefined): void {
    if (this.destroyed) return
    this.#bytesPushed += chunk?.length ?? 0
    this.pushBytes(chunk ?? null)
  }
}
