// Whether the body of a 200 is the whole file, and how long that is. Some programs answer a range with the part, and forget the
// status 206, or write a Content-Range that nobody can read. Pure.
import { parseContentRange } from './content-range.ts'
import { digits, type FieldLines, single } from './field-lines.ts'

/** A request for a range, or for the whole file. */
export interface WholeAsked {
  /** The requested bytes; `end` is exclusive, and null for "to the end". Null: the whole file, without a Range. */
  readonly range: { readonly start: number; readonly end: number | null } | null
  /** The size of the file, if bytes of it have been received. */
  readonly held: number | null
}

/**
 * The length of the whole file in an answer with status 200 or 203; null if the answer does not say. `'part'`: the body may be
 * a part of the file.
 *
 * RFC 9110 §14.4: only 206 and 416 give Content-Range a meaning. So it does not say which bytes these are. But a body that
 * contradicts it is not taken for the whole, and a body without Content-Length must be as long as it says.
 */
export function wholeLength(asked: WholeAsked, fields: FieldLines): number | null | 'part' {
  const length = digits(single(fields, 'content-length'))
  if (isDoubtful(asked, fields, length)) return 'part'
  const range = parseContentRange(single(fields, 'content-range'))
  if (range === null) return length
  if (range.kind === 'unsatisfied' || range.total !== null)
    return length === null || length === range.total ? range.total : 'part'
  return range.first === 0 && (length === null || length === range.last + 1) ? length : 'part'
}

/** Could the body be the part that was asked for? From the first byte to the end, that is the whole. */
function isDoubtful({ range: asked, held }: WholeAsked, fields: FieldLines, length: number | null): boolean {
  if (asked === null || (asked.start === 0 && asked.end === null)) return false
  if (length === null) return true
  const isMarked = fields.has('content-range')
  if (isMarked && (parseContentRange(single(fields, 'content-range'))?.total ?? null) === null) return true
  return asked.end !== null && length === asked.end - asked.start && length !== held
}
