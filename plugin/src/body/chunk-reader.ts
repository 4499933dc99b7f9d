import { setImmediate as nextTurn } from 'node:timers/promises'
import { wrongLength } from '../errors.ts'
import { type Layout, type Piece, pieceLength } from '../rules/multipart.ts'
import { assertWanted, giveUp } from '../sources/given-up.ts'
import { ownCopy } from '../sources/own-bytes.ts'
import type { StreamedRepresentation } from '../sources/source.ts'
import { brokenContract, MOST_EMPTY_CHUNKS } from '../sources/source-checks.ts'
import { iterate } from '../sources/source-chunks.ts'
import { assertUnchanged } from './piece-reader.ts'

/** After this many empty chunks in a row, other work of the process gets its turn. */
const EMPTY_CHUNKS_PER_TURN = 16

type Chunks = AsyncIterator<Uint8Array> | Iterator<Uint8Array>

/**
 * Reads the chunks of a body from a representation that yields chunks. It fails if they are not exactly the bytes that were
 * asked for.
 *
 * The last chunk is handed out only when the source has ended too, and after a check that the representation is unchanged:
 * a client that has all bytes takes them for one version. The other chunks are handed out as they come, so that an answer
 * whose client does not read keeps none of them.
 */
export class ChunkReader {
  readonly #controller = new AbortController()
  readonly #representation: StreamedRepresentation
  readonly #layout: Layout
  #index = 0
  /** The chunks of the piece that is being read. */
  #chunks: Chunks | undefined
  /** Bytes of it that are still to come. */
  #missing = 0
  /** Bytes of the whole body that are still to come. */
  #left: number
  #emptyInRow = 0
  /** What {@link next} returns first, in this order. */
  readonly #ahead: Uint8Array[] = []
  /** Settles when nothing is being read. */
  #work: Promise<unknown> = Promise.resolve()
  #ended: Promise<void> | undefined

  /** @param representation is closed by {@link end} */
  constructor(representation: StreamedRepresentation, layout: Layout) {
    this.#representation = representation
    this.#layout = layout
    this.#left = layout.length
  }

  /**
   * Reads the first two chunks, which {@link next} returns then. A version that is found changed by the second is opened
   * again, since no byte of the first has been sent.
   *
   * @throws what {@link next} throws
   */
  readAhead(): Promise<void> {
    return this.#noted(this.#readAhead())
  }

  async #readAhead(): Promise<void> {
    for (let chunk = 0; chunk < 2 && this.#left > 0; chunk++) {
      const bytes = await this.#advance()
      if (bytes !== undefined) this.#ahead.push(bytes)
    }
  }

  /**
   * The next chunk, with one byte or more; undefined at the end. Do not call this again before it has settled.
   *
   * @throws SendRangeError `ERR_RANGE_CHANGED` if the representation has changed; `ERR_RANGE_LENGTH` for more or fewer
   *   bytes than it was asked for; `ERR_RANGE_SOURCE`
   */
  async next(): Promise<Uint8Array | undefined> {
    return this.#ahead.shift() ?? this.#noted(this.#advance())
  }

  /** Notes a read that {@link end} waits for. */
  #noted<T>(work: Promise<T>): Promise<T> {
    // It must not keep the chunk that it resolves with.
    this.#work = work.then(ignore, ignore)
    return work
  }

  /** Stops reading. Resolves when nothing is being read any more, and the representation is being closed. */
  end(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end(): Promise<void> {
    giveUp(this.#controller)
    await this.#work
    try {
      await this.#chunks?.return?.()
    } catch {
      // The answer is over, and has no use for the error.
    }
    void this.#representation.close()
  }

  async #advance(): Promise<Uint8Array | undefined> {
    const chunk = await this.#nextChunk()
    if (chunk === undefined || this.#left > 0) return chunk
    // Fails if more bytes come.
    await this.#nextChunk()
    await assertUnchanged(this.#representation, this.#controller.signal)
    return chunk
  }

  /** The next chunk of the source; undefined at the end. */
  async #nextChunk(): Promise<Uint8Array | undefined> {
    while (this.#index < this.#layout.pieceCount) {
      this.#chunks ??= this.#begin(this.#layout.piece(this.#index))
      const { done, value } = await this.#chunks.next()
      assertWanted(this.#controller.signal)
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
      return chunk
    }
    return undefined
  }

  #begin(piece: Piece): Chunks {
    this.#missing = pieceLength(piece)
    if (piece.kind === 'literal') return [ownCopy(piece.bytes)].values()
    const following = this.#layout.rangesAfter(this.#index)
    return iterate(this.#representation.read(piece.range, this.#controller.signal, following))
  }

  #count(chunk: Uint8Array): Uint8Array {
    if (chunk.length > this.#missing) throw wrongLength('more')
    this.#missing -= chunk.length
    this.#left -= chunk.length
    return chunk
  }

  async #countEmptyChunk(): Promise<void> {
    this.#emptyInRow++
    if (this.#emptyInRow === MOST_EMPTY_CHUNKS)
      throw brokenContract('The source gives chunks without bytes, and no end')
    if (this.#emptyInRow % EMPTY_CHUNKS_PER_TURN === 0) await nextTurn()
  }
}

function ignore(): void {}
