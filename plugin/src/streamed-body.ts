import { Body } from './body.ts'
import { SendRangeError, wrongLength } from './errors.ts'
import { type Layout, type Piece, pieceLength } from './multipart.ts'
import { assertUnchanged } from './piece-reader.ts'
import type { StreamedRepresentation } from './source.ts'

/** The body of a representation that yields chunks. Holds it to exactly the bytes it was asked for. */
export class StreamedBody extends Body {
  readonly #controller = new AbortController()
  readonly #representation: StreamedRepresentation
  readonly #layout: Layout
  readonly #close: () => void | Promise<void>
  #index = 0
  /** Of the piece that is being read. */
  #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | undefined
  /** Bytes of it that are still to come. */
  #missing = 0
  #held: Uint8Array | undefined
  #bytesPushed = 0
  #work: Promise<void> = Promise.resolve()

  /** @param close called exactly once, when nothing reads any more */
  constructor(representation: StreamedRepresentation, layout: Layout, close: () => void | Promise<void>) {
    super()
    this.#representation = representation
    this.#layout = layout
    this.#close = close
  }

  override get bytesSent(): number {
    return this.#bytesPushed - this.readableLength
  }

  override _read(): void {
    this.#work = this.#advance().catch((error: unknown) => {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#controller.abort()
    this.#work
      .then(() => this.#chunks?.return?.())
      .catch(() => {})
      .then(this.#close)
      .catch(() => {})
    super._destroy(error, callback)
  }

  /**
   * Pushes one chunk, or the end. The last chunk of all waits until nothing speaks against it: a client that has the
   * length has the version.
   */
  async #advance(): Promise<void> {
    while (this.#index < this.#layout.pieceCount) {
      this.#chunks ??= this.#begin(this.#layout.piece(this.#index))
      const { done, value } = await this.#chunks.next()
      if (done) {
        if (this.#missing > 0) throw wrongLength('fewer')
        this.#chunks = undefined
        this.#index++
        continue
      }
      this.#count(value)
      if (value.length === 0) continue
      const held = this.#held
      this.#held = value
      if (held === undefined) continue
      this.#give(held)
      return
    }
    if (this.#held === undefined) {
      this.push(null)
      return
    }
    await assertUnchanged(this.#representation)
    const last = this.#held
    this.#held = undefined
    this.#give(last)
  }

  #give(chunk: Uint8Array): void {
    this.#bytesPushed += chunk.length
    this.push(chunk)
  }

  #begin(piece: Piece): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
    this.#missing = pieceLength(piece)
    if (piece.kind === 'literal') return [piece.bytes].values()
    const chunks = this.#representation.read(piece.range, this.#controller.signal)
    return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  #count(chunk: Uint8Array): void {
    // What is no Uint8Array would be sent with another length than it has here.
    if (!(chunk instanceof Uint8Array))
      throw new SendRangeError('ERR_RANGE_SOURCE', 'The source gave no bytes')
    if (chunk.length > this.#missing) throw wrongLength('more')
    this.#missing -= chunk.length
  }
}
