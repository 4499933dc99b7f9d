import type { ByteRange } from '../rules/range-set.ts'
import type { Wanted } from '../rules/wanted.ts'

/** A range that costs nothing, for an answer that needs the head only. */
export const FIRST_BYTE: ByteRange = { first: 0, last: 0 }

/** The last position of a range that is open at its end. The store has no need to know the open form. */
const TO_THE_END = Number.MAX_SAFE_INTEGER

/**
 * The range of the first request for an answer; undefined: without Range. If the answer has one range, the body of the
 * first request is the body of the answer. The length of the object is not known yet, so an answer with the last bytes or
 * with several ranges asks for its head first. Stores disagree about both forms.
 */
export function firstRange(wanted: Wanted | undefined): ByteRange | undefined {
  if (wanted?.kind === 'whole') return undefined
  if (wanted?.kind !== 'range') return FIRST_BYTE
  return { first: wanted.first, last: Math.min(wanted.last ?? TO_THE_END, TO_THE_END) }
}

/** The request after the answer that no byte of a range is there. */
export function rangeAfterUnsatisfiable(size: number | undefined): ByteRange | undefined {
  return size === undefined || size === 0 ? undefined : FIRST_BYTE
}
