// The Content-Range field, RFC 9110 §14.4.
import { digits } from './field-lines.ts'

/** A valid Content-Range. */
export type ContentRange =
  | { readonly kind: 'part'; readonly first: number; readonly last: number; readonly total: number | null }
  | { readonly kind: 'unsatisfied'; readonly total: number }

const PART = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i
const UNSATISFIED = /^bytes \*\/(\d+)$/i

/** Reads a Content-Range; null if it is missing, malformed or contradicts itself. Positions are inclusive. */
export function parseContentRange(field: string | null): ContentRange | null {
  if (field === null) return null
  const unsatisfied = digits(UNSATISFIED.exec(field)?.[1] ?? null)
  if (unsatisfied !== null) return { kind: 'unsatisfied', total: unsatisfied }
  const match = PART.exec(field)
  const first = digits(match?.[1] ?? null)
  const last = digits(match?.[2] ?? null)
  const isOpen = match?.[3] === '*'
  const total = isOpen ? null : digits(match?.[3] ?? null)
  if (first === null || last === null || (total === null && !isOpen)) return null
  // RFC 9110 §14.4: a Content-Range "is invalid if it contains a range-resp that has a last-pos value less
  // than its first-pos value, or a complete-length value less than or equal to its last-pos value".
  if (last < first || (total !== null && total <= last)) return null
  return { kind: 'part', first, last, total }
}
