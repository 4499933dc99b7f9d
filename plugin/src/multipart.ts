import { randomBytes } from 'node:crypto'
import type { ByteRange } from './range-set.ts'

/** A stretch of a body: bytes that are at hand, or a range that has to be read. */
export type Piece =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array }
  | { readonly kind: 'range'; readonly range: ByteRange }

/** Bytes. */
export function pieceLength(piece: Piece): number {
  return piece.kind === 'literal' ? piece.bytes.length : piece.range.last - piece.range.first + 1
}

/** The length of a body, in bytes: from arithmetic, nothing is read for it. */
export function bodyLength(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceLength(piece), 0)
}

/** A `multipart/byteranges` body, RFC 9110 §14.6, before a byte of it is read. */
export interface Multipart {
  /** The Content-Type of the whole answer. */
  readonly contentType: string
  readonly pieces: readonly Piece[]
}

// 144 random bits: a boundary that nobody can place in the data beforehand, and that no data holds by chance.
const BOUNDARY_BYTES = 18

/** Lays out one part for each range, in the order given. */
export function layOutMultipart(
  ranges: readonly ByteRange[],
  size: number,
  partType: string | undefined,
): Multipart {
  const boundary = randomBytes(BOUNDARY_BYTES).toString('hex')
  const typeLine = partType === undefined ? '' : `Content-Type: ${partType}\r\n`
  const pieces: Piece[] = []
  // RFC 2046 §5.1.1: a CRLF may stand before the first delimiter line; zsync takes the body apart only with it.
  const delimiter = `\r\n--${boundary}\r\n`
  for (const range of ranges) {
    const head = `${delimiter}${typeLine}Content-Range: ${contentRange(range, size)}\r\n\r\n`
    const bytes = Buffer.from(head, 'latin1')
    pieces.push({ kind: 'literal', bytes }, { kind: 'range', range })
  }
  const trailer = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')
  pieces.push({ kind: 'literal', bytes: trailer })
  return {
    // §14.6: no quotes around the boundary; several clients do not take them off.
    contentType: `multipart/byteranges; boundary=${boundary}`,
    pieces,
  }
}

/** A Content-Range for a satisfied range, RFC 9110 §14.4. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`
}
