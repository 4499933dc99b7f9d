import { Body } from './body.ts'
import { SendRangeError, wrongLength } from './errors.ts'
import type { Piece } from './multipart.ts'
import { assertUnchanged } from './piece-reader.ts'
import type { ByteRange } from './range-set.ts'
import type { StreamedRepresentation } from './source.ts'

/** The body of a representation that yields chunks. Holds it to exactly the bytes it was asked for. */
export class StreamedBody extends Body {
  readonly #controller = new AbortController()
  readonly #representation: StreamedRepresentation
  readonly #close: () => void | Promise<void>
  readonly #chunks: AsyncGenerator<Uint8Array>
  #bytesPushed = 0
  #work: Promise<void> = Promise.resolve()

  /** @param close called exactly once, when nothing reads any more */
  constructor(
    representation: StreamedRepresentation,
    pieces: readonly Piece[],
    close: () => void | Promise<void>,
  ) {
    super()
    this.#representation = representation
    this.#close = close
    this.#chunks = this.#read(pieces)
  }

  override get bytesSent(): number {
    return this.#bytesPushed - this.readableLength
  }

  override _read(): void {
    this.#work = this.#chunks.next().then(
      ({ done, value }) => {
        if (done) {
          this.push(null)
          return
        }
        this.#bytesPushed += value.length
        this.push(value)
      },
      (error: unknown) => {
        this.destroy(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#controller.abort()
    this.#work
      .then(() => this.#chunks.return(undefined))
      .catch(() => {})
      .then(this.#close)
      .catch(() => {})
    super._destroy(error, callback)
  }

  /** The last chunk of all waits until nothing speaks against it: a client that has the length has the version. */
  async *#read(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
    let held: Uint8Array | undefined
    for (const piece of pieces) {
      const chunks = piece.kind === 'literal' ? [piece.bytes] : this.#readRange(piece.range)
      for await (const chunk of chunks) {
        if (held !== undefined) yield held
        held = chunk
      }
    }
    await assertUnchanged(this.#representation)
    if (held !== undefined) yield held
  }

  async *#readRange(range: ByteRange): AsyncGenerator<Uint8Array> {
    let missing = range.last - range.first + 1
    for await (const chunk of this.#representation.read(range, this.#controller.signal)) {
      // What is no Uint8Array would be sent with another length than it has here.
      if (!(chunk instanceof Uint8Array))
        throw new SendRangeError('ERR_RANGE_SOURCE', 'The source gave no bytes')
      if (chunk.length > missing) throw wrongLength('more')
      missing -= chunk.length
      if (chunk.length > 0) yield chunk
    }
    if (missing > 0) throw wrongLength('fewer')
  }
}
