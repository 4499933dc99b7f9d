import { setImmediate as nextTurn } from 'node:timers/promises'
import { SendRangeError, wrongLength } from '../errors.ts'
import { type Layout, type Piece, pieceLength } from '../rules/multipart.ts'
import { failureOf, giveUp } from '../sources/given-up.ts'
import { ownCopy } from '../sources/own-bytes.ts'
import type { ReadOpenings } from '../sources/reopened-reads.ts'
import type { StreamedRepresentation } from '../sources/source.ts'
import { brokenContract, MOST_EMPTY_CHUNKS } from '../sources/source-checks.ts'
import { iterate } from '../sources/source-chunks.ts'
import { Body, type BodyReaders } from './body.ts'
import { assertUnchanged } from './piece-reader.ts'

/** After this many empty chunks in a row, other work of the process gets its turn. */
const EMPTY_CHUNKS_PER_TURN = 16

type Chunks = AsyncIterator<Uint8Array> | Iterator<Uint8Array>

/** What a {@link StreamedBody} is made of. */
export interface StreamedBodyOptions {
  readonly openings: ReadOpenings
  readonly layout: Layout
  /** Called exactly once, when no read is under way any more. */
  readonly close: () => void | Promise<void>
  readonly readers: BodyReaders
  /** Called with the body that is made for the response. */
  readonly onForResponse: (body: StreamedBody) => void
}

/**
 * The body of a representation that yields chunks. It fails if they are not exactly the bytes that were asked for. The
 * source is read when this is read, so only once if no hook reads the payload.
 */
export class StreamedBody extends Body {
  readonly #controller = new AbortController()
  readonly #options: StreamedBodyOptions
  readonly #representation: StreamedRepresentation
  readonly #layout: Layout
  #index = 0
  /** The chunks of the piece that is being read. */
  #chunks: Chunks | undefined
  /** Bytes of it that are still to come. */
  #missing = 0
  #held: Uint8Array | undefined
  #emptyInRow = 0
  #bytesPushed = 0
  #work: Promise<void> = Promise.resolve()

  constructor(options: StreamedBodyOptions) {
    super()
    this.#options = options
    this.#representation = options.openings.forReader()
    this.#layout = options.layout
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
    this.#work = this.#advance().catch((thrown: unknown) => {
      this.destroy(failureOf(thrown))
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    giveUp(this.#controller)
    this.#work
      .then(() => this.#chunks?.return?.())
      .catch(() => {})
      .then(() => {
        void this.#representation.close()
        return this.#options.close()
      })
      .catch(() => {})
    super._destroy(error, callback)
  }

  /**
   * Pushes one chunk, or the end. The last chunk waits for a check that the representation is unchanged: a client that
   * has all bytes takes them for one version.
   */
  async #advance(): Promise<void> {
    const chunk = await this.#next()
    if (chunk !== undefined) {
      this.#pushChunk(chunk)
      return
    }
    if (this.#held === undefined) {
      this.pushBytes(null)
      return
    }
    await assertUnchanged(this.#representation, this.#controller.signal)
    const last = this.#held
    this.#held = undefined
    this.#pushChunk(last)
  }

  /** The chunk before the one that came last; undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    while (this.#index < this.#layout.pieceCount) {
      this.#chunks ??= this.#begin(this.#layout.piece(this.#index))
      const { done, value } = await this.#chunks.next()
      if (this.destroyed) throw new SendRangeError('ERR_RANGE_READ', 'The answer was given up')
      if (done) {
        if (this.#missing > 0) throw wrongLength('fewer')
        this.#chunks = undefined
        this.#index++
        continue
      }
      const chunk = this.#count(value)
      if (chunk.length === 0) {
        await this.#countEmptyChunk()
        continue
      }
      this.#emptyInRow = 0
      const held = this.#held
      this.#held = chunk
      if (held !== undefined) return held
    }
    return undefined
  }

  #pushChunk(chunk: Uint8Array): void {
    this.#bytesPushed += chunk.length
    this.pushBytes(chunk)
  }

  #begin(piece: Piece): Chunks {
    this.#missing = pieceLength(piece)
    if (piece.kind === 'literal') return [ownCopy(piece.bytes)].values()
    return iterate(this.#representation.read(piece.range, this.#controller.signal))
  }

  #count(chunk: Uint8Array): Uint8Array {
    if (chunk.length > this.#missing) throw wrongLength('more')
    this.#missing -= chunk.length
    return chunk
  }

  async #countEmptyChunk(): Promise<void> {
    this.#emptyInRow++
    if (this.#emptyInRow === MOST_EMPTY_CHUNKS)
      throw brokenContract('The source gives chunks without bytes, and no end')
    if (this.#emptyInRow % EMPTY_CHUNKS_PER_TURN === 0) await nextTurn()
  }
}
