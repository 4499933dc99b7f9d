import { representationChanged, wrongLength } from '../errors.ts'
import { MAX_READS_PER_ANSWER } from '../memory-bounds.ts'
import { type Layout, type Piece, pieceLength } from '../rules/multipart.ts'
import { groupNearby, isNearbyReader, type Read } from '../sources/nearby-reads.ts'
import type { PositionalRepresentation, RepresentationMetadata } from '../sources/source.ts'

/**
 * Reads the pieces of a body, in order, into buffers of the caller. Holds the promise of one version: the last bytes
 * come out only after the representation said that it is still what it was.
 */
export class PieceReader {
  readonly #representation: PositionalRepresentation
  readonly #layout: Layout
  readonly #signal: AbortSignal
  #index = 0
  /** The piece at the index, once it has been asked for. */
  #piece: Piece | undefined
  #offset = 0
  #remaining: number

  /** @param signal handed to each read: aborted when nobody wants the bytes any more */
  constructor(representation: PositionalRepresentation, layout: Layout, signal: AbortSignal) {
    this.#representation = representation
    this.#layout = layout
    this.#signal = signal
    this.#remaining = layout.length
  }

  /** A reader of the same body that begins at its first byte. */
  fromStart(): PieceReader {
    return new PieceReader(this.#representation, this.#layout, this.#signal)
  }

  /** A reader of the same body that begins where this one is, so that what was read can be read again. */
  copy(): PieceReader {
    const copy = this.fromStart()
    copy.#index = this.#index
    copy.#piece = this.#piece
    copy.#offset = this.#offset
    copy.#remaining = this.#remaining
    return copy
  }

  /** Goes on by this many bytes without reading them; at most those that remain. */
  forward(byteCount: number): void {
    this.#remaining -= byteCount
    for (let left = byteCount; left > 0; ) {
      this.#piece ??= this.#layout.piece(this.#index)
      left -= this.#advance(this.#piece, left)
    }
  }

  /** Whether the body is made of more than one piece. */
  get hasManyPieces(): boolean {
    return this.#layout.pieceCount > 1
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
    const reads: Read[] = []
    let filled = 0
    while (filled < target.length && this.#index < this.#layout.pieceCount) {
      this.#piece ??= this.#layout.piece(this.#index)
      filled += this.#place(this.#piece, target.subarray(filled), reads)
    }
    this.#remaining -= filled
    const [only] = reads
    await (reads.length === 1 && only !== undefined ? this.#read(only) : this.#readAll(reads))
    if (this.#index === this.#layout.pieceCount) await assertUnchanged(this.#representation, this.#signal)
    return filled
  }

  /** Puts as much of a piece into the room as fits, or notes what has to be read for it. Returns the count of bytes. */
  #place(piece: Piece, space: Uint8Array, reads: Read[]): number {
    const offset = this.#offset
    const count = this.#advance(piece, space.length)
    if (piece.kind === 'literal') space.set(piece.bytes.subarray(offset, offset + count))
    else reads.push({ target: space.subarray(0, count), position: piece.range.first + offset })
    return count
  }

  /** Goes on by the bytes that are left of this piece, `max` at most. Returns the count. */
  #advance(piece: Piece, max: number): number {
    const count = Math.min(max, pieceLength(piece) - this.#offset)
    this.#offset += count
    if (this.#offset === pieceLength(piece)) {
      this.#index++
      this.#offset = 0
      this.#piece = undefined
    }
    return count
  }

  /**
   * Reads several places, few at a time: an answer of hundreds of parts must not fill the queue that the reads of other
   * answers wait in. Does not reject while others are still reading.
   */
  async #readAll(reads: readonly Read[]): Promise<void> {
    const groups = isNearbyReader(this.#representation) ? groupNearby(reads) : reads.map((read) => [read])
    const queue = groups.values()
    let failure: { readonly reason: unknown } | undefined
    const work = async (): Promise<void> => {
      for (const group of queue) {
        if (failure !== undefined) return
        await this.#readGroup(group).catch((reason: unknown) => {
          failure ??= { reason }
        })
      }
    }
    await Promise.all(Array.from({ length: Math.min(MAX_READS_PER_ANSWER, groups.length) }, work))
    if (failure !== undefined) throw (failure as { readonly reason: unknown }).reason
  }

  /** What cannot be read together is read one by one: what lies between may be what fails. */
  async #readGroup(group: readonly Read[]): Promise<void> {
    const representation = this.#representation
    if (group.length > 1 && isNearbyReader(representation)) {
      if (await representation.readNearby(group).catch(() => false)) return
    }
    for (const read of group) await this.#read(read)
  }

  async #read({ target, position }: Read): Promise<void> {
    for (let at = 0; at < target.length; ) {
      const space = target.subarray(at)
      const bytesRead = await this.#representation.readAt(space, position + at, this.#signal)
      if (bytesRead === 0) throw representationChanged()
      if (!Number.isInteger(bytesRead) || bytesRead < 0 || bytesRead > space.length) throw wrongLength('more')
      at += bytesRead
    }
  }
}

/** Throws `ERR_RANGE_CHANGED` when a representation is no longer the version that was pinned. */
export async function assertUnchanged(
  representation: Pick<RepresentationMetadata, 'unchanged'>,
  signal: AbortSignal,
): Promise<void> {
  if (representation.unchanged !== undefined && !(await representation.unchanged(signal)))
    throw representationChanged()
}
