import type { ByteRange } from '../rules/range-set.ts'
import type { Wanted } from '../rules/wanted.ts'
import type { KnownVersion, OpenContext } from '../sources/source.ts'
import type { NearRanges } from './near-ranges.ts'

/** A range that costs nothing, for an answer that needs the head only. */
export const FIRST_BYTE: ByteRange = { first: 0, last: 0 }

/** The last position of a range that is open at its end. The store has no need to know the open form. */
const TO_THE_END = Number.MAX_SAFE_INTEGER

/** What an answer wants, as far as the request says it. */
export type Hints = Pick<OpenContext, 'wanted' | 'wantedOf'>

/**
 * The range of the first request for an answer; undefined: without Range. Its body is the body of the answer, or the
 * begin of it if the answer has several ranges. An answer with the last bytes needs the length of the object for that.
 *
 * @param known the version that the object had last; undefined if it is not known
 */
export function firstRange(
  { wanted, wantedOf }: Hints,
  known: KnownVersion | undefined,
  near: NearRanges,
): ByteRange | undefined {
  // Nothing has no first byte, and its whole costs nothing.
  if (known?.size === 0) return undefined
  const expected = (known && wantedOf?.(known)) ?? wanted
  if (expected?.kind !== 'several') return rangeFor(expected, known?.size)
  const [range, ...following] = expected.ranges ?? []
  return range === undefined ? FIRST_BYTE : { ...range, last: near.lastTogether(range, following) }
}

function rangeFor(wanted: Wanted | undefined, size: number | undefined): ByteRange | undefined {
  switch (wanted?.kind) {
    case 'whole':
      return undefined
    case 'range':
      return { first: wanted.first, last: Math.min(wanted.last ?? TO_THE_END, TO_THE_END) }
    case 'suffix':
      return size !== undefined && wanted.length > 0
        ? { first: Math.max(0, size - wanted.length), last: size - 1 }
        : FIRST_BYTE
    default:
      return FIRST_BYTE
  }
}

/** The request after a whole whose length was not said: the Content-Range of all bytes says it. */
export const ALL_BYTES: ByteRange = { first: 0, last: TO_THE_END }

/**
 * The request after the answer that no byte of `asked` is there. An object without a first byte is empty, or its server
 * refuses all ranges: its whole says which.
 */
export function rangeAfterUnsatisfiable(
  asked: ByteRange | undefined,
  size: number | undefined,
): ByteRange | undefined {
  return size === 0 || asked?.first === 0 ? undefined : FIRST_BYTE
}

/**
 * Whether an answer about an object of this size is a 416, whatever else the object is. One that asks about a copy, or is
 * a HEAD, needs to know more.
 */
export function isUnsatisfiable({ wanted, wantedOf }: Hints, size: number | undefined): size is number {
  if (size === undefined || wanted === undefined || wanted.kind === 'head') return false
  return wantedOf?.({ size })?.kind === 'head'
}
