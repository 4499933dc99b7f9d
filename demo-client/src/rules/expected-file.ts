// What is known about a file before it is fetched, besides its checksum: its size, more digests, those of its pieces. Pure.
//
// The pieces are those of RFC 5854 §4.1.3: all of them have one length, apart from the last one, which is the remainder.
import { digestValue } from './checksum.ts'
import { ALGORITHMS, type Digests } from './digest.ts'
import type { Validators } from './validators.ts'

/** The algorithms of such digests, best first. The last two only find damage. */
export const GIVEN_ALGORITHMS = ['sha-512', 'sha-256', 'sha-1', 'md5'] as const
/** One of {@link GIVEN_ALGORITHMS}. */
export type GivenAlgorithm = (typeof GIVEN_ALGORITHMS)[number]

/** The digests of the pieces of a file, in their order. */
export interface Pieces {
  readonly algorithm: GivenAlgorithm
  /** Of each piece but the last, in bytes. */
  readonly length: number
  /** In padded base64. */
  readonly digests: readonly string[]
}

/** What is known about a file. */
export interface Expected {
  /** In bytes, or null. */
  readonly size: number | null
  /** Of the whole file, by algorithm in padded base64. */
  readonly digests: Digests
  readonly pieces: Pieces | null
}

/** The bytes of one piece. `number` is from 1. */
export interface Piece {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** Does a digest by this algorithm prove what the file is? */
export function isProof(algorithm: string): boolean {
  return ALGORITHMS.some((each) => each === algorithm)
}

/** A digest such as `sha-1=…`, in hexadecimal or base64; null if it is not one. */
export function parseGivenDigest(text: string): readonly [GivenAlgorithm, string] | null {
  const [, name = '', digest = ''] = /^([\w-]+)=(.*)$/.exec(text) ?? []
  for (const algorithm of GIVEN_ALGORITHMS) {
    if (name.toLowerCase() !== algorithm) continue
    const value = digestValue(digest, algorithm)
    return value === null ? null : [algorithm, value]
  }
  return null
}

/** Can a file of `total` bytes have this many pieces? */
export function haveSize({ length, digests }: Pieces, total: number): boolean {
  return Math.ceil(total / length) === digests.length
}

/** The pieces of a file of `total` bytes whose digests are not those of `pieces`. */
export function wrongPieces(pieces: Pieces, actual: readonly string[], total: number): readonly Piece[] {
  const { length, digests } = pieces
  return digests.flatMap((digest, index) =>
    digest === actual[index]
      ? []
      : [{ number: index + 1, start: index * length, end: Math.min(total, (index + 1) * length) }],
  )
}

/** Why a file of `total` bytes is not the expected one, as the end of a sentence about it; null if it can be. */
export function sizeFault(expected: Expected | null, total: number): string | null {
  if (expected?.size != null && expected.size !== total) return `has ${total} bytes, not ${expected.size}`
  const pieces = expected?.pieces ?? null
  if (pieces === null || haveSize(pieces, total)) return null
  return `has ${total} bytes, which are not ${pieces.digests.length} pieces of ${pieces.length}`
}

/** Why a server with these validators cannot have the file; null if it can. It completes a sentence about the server. */
export function otherThanExpected({ total, digests }: Validators, expected: Expected | null): string | null {
  const wrongSize = total === null ? null : sizeFault(expected, total)
  if (wrongSize !== null) return `has another file: it ${wrongSize}`
  const isOther = Object.entries(expected?.digests ?? {}).some(
    ([algorithm, value]) => (digests[algorithm] ?? value) !== value,
  )
  return isOther ? 'has another file: its digest is not the one that was asked for' : null
}

/** The numbers of the pieces that have some of these bytes. */
export function piecesIn(
  { length }: Pieces,
  intervals: readonly { readonly start: number; readonly end: number }[],
): readonly number[] {
  const numbers = new Set<number>()
  for (const { start, end } of intervals)
    for (let at = Math.floor(start / length); at * length < end; at++) numbers.add(at + 1)
  return [...numbers].sort((a, b) => a - b)
}

/** The numbers of pieces for people: `piece 3 of 12`, `pieces 3, 4 and 7 of 12`. */
export function pieceNames(numbers: readonly number[], { digests }: Pieces): string {
  const isLong = numbers.length > MOST_NUMBERS
  const shown = MOST_NUMBERS - 1
  const words = isLong ? [...numbers.slice(0, shown), `${numbers.length - shown} more`] : numbers
  const list = [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((each) => each !== '').join(' and ')
  return `${numbers.length === 1 ? 'piece' : 'pieces'} ${list} of ${digests.length}`
}

const MOST_NUMBERS = 6
