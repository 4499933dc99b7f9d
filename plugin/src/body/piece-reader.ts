import { representationChanged, wrongLength } from '../errors.ts'
import { MAX_READS_PER_ANSWER } from '../memory-bounds.ts'
import { type Layout, type Piece, pieceLength } from '../rules/multipart.ts'
import { groupNearby, isNearbyReader, type Read } from '../sources/grouped-reads.ts'
import type { PositionalRepresentation, RepresentationMetadata } from '../sources/source.ts'

/**
 * Reads the pieces of a body, in order, into buffers of the caller. All bytes are of one version: the last ones are
 * handed out only after a check that the representation is unchanged.
 */
export class PieceReader {
  readonly #representation: PositionalRepresentation
  readonly #layout: Layout
  readonly #signal: AbortSignal
  #index = 0
  /** The piece at the index, once it was made. */
  #piece: Piece | undefined
  #offset = 0
  #remaining: number

  /** @param signal passed to each read; aborted when the bytes are no longer wanted */
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

  /** A reader of the same body that begins where this one is, so that bytes can be read again. */
  copy(): PieceReader {
    const copy = this.fromStart()
    copy.#index = this.#index
    copy.#piece = this.#piece
    copy.#offset = this.#offset
    copy.#remaining = this.#remaining
    return copy
  }

  /** Skips this many bytes; at most those that remain. */
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

  /** Bytes that are still to be read. */
  get remaining(): number {
    return this.#remaining
  }

  /**
   * Fills `target`, or a part of it at the end of the body, and returns the count of bytes. When the promise is
   * settled, nothing writes into `target` any more.
   *
   * @throws SendRangeError `ERR_RANGE_CHANGED` if the representation ended early or has changed;
   *   `ERR_RANGE_LENGTH` if it reports more bytes than it was asked for
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

  /** Copies a piece into `space` as far as it fits, or adds the read that it needs. Returns the count of bytes. */
  #place(piece: Piece, space: Uint8Array, reads: Read[]): number {
    const offset = this.#offset
    const count = this.#advance(piece, space.length)
    if (piece.kind === 'literal') space.set(piece.bytes.subarray(offset, offset + count))
    else reads.push({ target: space.subarray(0, count), position: piece.range.first + offset })
    return count
  }

  /** Moves on by the bytes that are left of this piece, `max` at most. Returns the count. */
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
   * Reads several places, a few at a time: an answer of hundreds of parts must not fill the queue in which the reads of
   * other answers wait. Does not reject before all reads have ended.
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

  /** Reads one by one if reading together fails: the bytes between may be the ones that cannot be read. */
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

/** Throws `ERR_RANGE_CHANGED` if a representation is no longer the version that was opened. */
export async function assertUnchanged(
  representation: Pick<RepresentationMetadata, 'unchanged'>,
  signal: AbortSignal,
): Promise<void> {
  if (representation.unchanged !== undefined && !(await representation.unchanged(signal)))
    throw representationChanged()
}
