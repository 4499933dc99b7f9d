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
   * Fills `target` as far as the body goes and returns the count of bytes. Once this has settled nothing writes into
   * `target` any more.
   *
   * @throws SendRangeError `ERR_RANGE_CHANGED` when the representation ended early or is another one by now;
   *   `ERR_RANGE_LENGTH` when it says that it read more than it was asked for
   */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0
    const reads: Promise<void>[] = []
    for (let piece = this.#pieces[this.#index]; piece !== undefined; piece = this.#pieces[this.#index]) {
      if (filled === target.length) break
      const count = Math.min(target.length - filled, pieceLength(piece) - this.#offset)
      const place = target.subarray(filled, filled + count)
      if (piece.kind === 'literal') place.set(piece.bytes.subarray(this.#offset, this.#offset + count))
      // All are asked for together: to wake a thread for each costs more than reading.
      else reads.push(this.#read(place, piece.range.first + this.#offset))
      filled += count
      this.#remaining -= count
      this.#offset += count
      if (this.#offset === pieceLength(piece)) {
        this.#index++
        this.#offset = 0
      }
    }
    await (reads.length === 1 ? reads[0] : allOf(reads))
    if (this.#index === this.#pieces.length) await assertUnchanged(this.#representation)
    return filled
  }

  async #read(target: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < target.length; ) {
      const room = target.subarray(at)
      const bytesRead = await this.#representation.readAt(room, position + at)
      if (bytesRead === 0) throw representationChanged()
      if (!Number.isInteger(bytesRead) || bytesRead < 0 || bytesRead > room.length) throw wrongLength('more')
      at += bytesRead
    }
  }
}

/** Like `Promise.all`, but does not reject while others are still reading. */
async function allOf(reads: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(reads)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}

/** Throws `ERR_RANGE_CHANGED` when a representation is no longer the version that was pinned. */
export async function assertUnchanged(representation: { unchanged?(): Promise<boolean> }): Promise<void> {
  if (representation.unchanged !== undefined && !(await representation.unchanged()))
    throw representationChanged()
}
