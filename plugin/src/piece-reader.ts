import { representationChanged, wrongLength } from './errors.ts'
import { bodyLength, type Piece, pieceLength } from './multipart.ts'
import type { PositionalRepresentation } from './source.ts'

/**
 * Reads the pieces of a body, in order, into buffers of the caller. Holds the promise of one version: the last bytes
 * come out only after the representation said that it is still what it was.
 */
export class PieceReader {
  readonly #representation: PositionalRepresentation
  readonly #pieces: readonly Piece[]
  #index = 0
  #offset = 0
  #remaining: number

  constructor(representation: PositionalRepresentation, pieces: readonly Piece[]) {
    this.#representation = representation
    this.#pieces = pieces
    this.#remaining = bodyLength(pieces)
  }

  /** Bytes still to come. */
  get remaining(): number {
    return this.#remaining
  }

  /**
   * Fills `target` as far as the body goes and returns the count of bytes.
   *
   * @throws SendRangeError `ERR_RANGE_CHANGED` when the representation ended early or is another one by now;
   *   `ERR_RANGE_LENGTH` when it says that it read more than it was asked for
   */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0
    for (let piece = this.#pieces[this.#index]; piece !== undefined; piece = this.#pieces[this.#index]) {
      if (filled === target.length) return filled
      const count = await this.#read(piece, target.subarray(filled))
      filled += count
      this.#remaining -= count
      this.#offset += count
      if (this.#offset === pieceLength(piece)) {
        this.#index++
        this.#offset = 0
      }
    }
    await assertUnchanged(this.#representation)
    return filled
  }

  async #read(piece: Piece, target: Uint8Array): Promise<number> {
    const count = Math.min(target.length, pieceLength(piece) - this.#offset)
    if (piece.kind === 'literal') {
      target.set(piece.bytes.subarray(this.#offset, this.#offset + count))
      return count
    }
    const position = piece.range.first + this.#offset
    const bytesRead = await this.#representation.readAt(target.subarray(0, count), position)
    if (bytesRead === 0) throw representationChanged()
    if (!Number.isInteger(bytesRead) || bytesRead < 0 || bytesRead > count) throw wrongLength('more')
    return bytesRead
  }
}

/** Throws `ERR_RANGE_CHANGED` when a representation is no longer the version that was pinned. */
export async function assertUnchanged(representation: { unchanged?(): Promise<boolean> }): Promise<void> {
  if (representation.unchanged !== undefined && !(await representation.unchanged()))
    throw representationChanged()
}
