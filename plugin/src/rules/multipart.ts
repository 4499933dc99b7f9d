import { randomBytes } from 'node:crypto'
import { CompactRanges } from './packed-ranges.ts'
import type { ByteRange } from './range-set.ts'

/** A piece of a body: bytes that are in memory, or a range that must be read. */
export type Piece =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | { readonly kind: 'range'; readonly range: ByteRange }

/** The number of bytes of a piece. */
export function pieceLength(piece: Piece): number {
  return piece.kind === 'literal' ? piece.bytes.length : piece.range.last - piece.range.first + 1
}

/** A body, before a byte of it is read. Pieces are made when they are needed. */
export interface Layout {
  /** Bytes of the whole body. Computed; nothing is read for it. */
  readonly length: number
  readonly pieceCount: number
  /** The piece at an index from 0 to `pieceCount - 1`. */
  piece(index: number): Piece
  /** The ranges of the pieces after the one at an index. They can be iterated more than once. */
  rangesAfter(index: number): Iterable<ByteRange>
}

/** A body of one range; of no range if the representation is empty. */
export function layOutRange(range: ByteRange): Layout {
  const piece: Piece = { kind: 'range', range }
  const length = pieceLength(piece)
  return { length, pieceCount: Math.min(1, length), piece: () => piece, rangesAfter: () => [] }
}

// 144 random bits: a boundary that cannot be guessed and put into the data, and that no data contains by chance.
const BOUNDARY_BYTES = 18
const BOUNDARY_LENGTH = 2 * BOUNDARY_BYTES

/** What is the same in the heads of all parts. */
interface PartFields {
  /** Bytes of the representation. */
  readonly size: number
  /** The Content-Type of each part; undefined for none. */
  readonly partType: string | undefined
}

/**
 * A `multipart/byteranges` body, RFC 9110 §14.6, with one part for each range, in the order given.
 *
 * An answer may wait for a long time for a client that does not read. So it keeps a few bytes for each range, and makes
 * the head of a part when it is needed.
 */
export class Multipart implements Layout {
  readonly length: number
  readonly pieceCount: number
  /** The Content-Type of the whole answer. */
  readonly contentType: string
  readonly #boundary: string
  readonly #fields: PartFields
  readonly #ranges: CompactRanges

  constructor(ranges: readonly ByteRange[], fields: PartFields) {
    this.#boundary = randomBytes(BOUNDARY_BYTES).toString('hex')
    this.#fields = fields
    this.#ranges = new CompactRanges(ranges)
    this.pieceCount = 2 * ranges.length + 1
    this.length = multipartLength(ranges, fields)
    // Without quotes around the boundary (§14.6): several clients do not remove them.
    this.contentType = `multipart/byteranges; boundary=${this.#boundary}`
  }

  /** The ranges, in the order of the parts. */
  get ranges(): ByteRange[] {
    return Array.from({ length: this.#ranges.count }, (_, part) => this.#ranges.at(part))
  }

  rangesAfter(index: number): Iterable<ByteRange> {
    return { [Symbol.iterator]: () => this.#rangesFrom((index + 1) >> 1) }
  }

  *#rangesFrom(part: number): Generator<ByteRange> {
    for (let at = part; at < this.#ranges.count; at++) yield this.#ranges.at(at)
  }

  piece(index: number): Piece {
    const part = index >> 1
    if (index === this.pieceCount - 1) return literal(`\r\n--${this.#boundary}--\r\n`)
    const range = this.#ranges.at(part)
    if (index % 2 === 1) return { kind: 'range', range }
    const { size, partType } = this.#fields
    const typeLine = partType === undefined ? '' : `Content-Type: ${partType}\r\n`
    // §14.6, note 1: "Additional CRLFs might precede the first boundary string in the body." Apache and nginx send one,
    // and zsync does not find the first part without it.
    return literal(
      `\r\n--${this.#boundary}\r\n${typeLine}Content-Range: ${contentRange(range, size)}\r\n\r\n`,
    )
  }
}

function literal(text: string): Piece {
  return { kind: 'literal', bytes: Buffer.from(text, 'latin1') }
}

const DELIMITER_LENGTH = '\r\n--'.length + BOUNDARY_LENGTH + '\r\n'.length
const TRAILER_LENGTH = '\r\n--'.length + BOUNDARY_LENGTH + '--\r\n'.length

/** Bytes of a `multipart/byteranges` body, with the heads of its parts. */
export function multipartLength(ranges: readonly ByteRange[], { size, partType }: PartFields): number {
  const typeLength = partType === undefined ? 0 : `Content-Type: ${partType}\r\n`.length
  const fixed = DELIMITER_LENGTH + typeLength + `Content-Range: bytes -/${size}\r\n\r\n`.length
  let length = TRAILER_LENGTH
  for (const { first, last } of ranges) {
    length += fixed + digitCount(first) + digitCount(last) + (last - first + 1)
  }
  return length
}

function digitCount(position: number): number {
  let count = 1
  for (let limit = 10; position >= limit; limit *= 10) count++
  return count
}

/** A Content-Range for a satisfied range, RFC 9110 §14.4. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`
}
