import type { ByteRange } from '../rules/range-set.ts'

/** What the Content-Range of an answer says. */
export type ContentRange =
  | { readonly kind: 'part'; readonly range: ByteRange; readonly size: number }
  | { readonly kind: 'unsatisfied'; readonly size: number }

const PART = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/i
const UNSATISFIED = /^bytes \*\/(\d{1,16})$/i

/**
 * Reads a Content-Range (RFC 9110 §14.4); undefined if it is invalid. One without the complete length (`bytes 0-3/*`)
 * is of no use here, and counts as invalid: the size of a representation must be known.
 */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  if (value === undefined) return undefined
  const part = PART.exec(value)
  if (part === null) {
    const size = Number(UNSATISFIED.exec(value)?.[1])
    return Number.isSafeInteger(size) ? { kind: 'unsatisfied', size } : undefined
  }
  const [first, last, size] = [Number(part[1]), Number(part[2]), Number(part[3])]
  // §14.4: "A Content-Range field value is invalid if it contains a range-resp that has a last-pos value less than its
  // first-pos value, or a complete-length value less than or equal to its last-pos value."
  if (last < first || size <= last || !Number.isSafeInteger(size)) return undefined
  return { kind: 'part', range: { first, last }, size }
}
