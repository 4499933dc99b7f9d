// What a part says that is shorter than its Content-Range, when the server is then asked for the whole file.
//
// A proxy may shorten each body and correct its Content-Length. The whole file then looks complete. But the Content-Range of a
// part, which it does not change, says the size of the file. Pure.
import { parseContentRange } from './content-range.ts'
import { digits, type FieldLines, single } from './field-lines.ts'
import { isOtherVersion, type Validators, validatorsOf } from './validators.ts'

/** The statuses of answers that have bytes of the file. Some programs send a part with 200, and its Content-Range. */
const WITH_BYTES: ReadonlySet<number> = new Set([200, 203, 206])

/** The version and the size that the head of a part says; null if its Content-Length does not show that it is shorter. */
export function shortenedVersion(status: number, fields: FieldLines): Validators | null {
  const range = parseContentRange(single(fields, 'content-range'))
  const length = digits(single(fields, 'content-length'))
  if (!WITH_BYTES.has(status) || range?.kind !== 'part' || length === null) return null
  const isShorter = range.total !== null && length <= range.last - range.first
  return isShorter ? validatorsOf(fields, range.total, {}) : null
}

/** The size of the whole file in an answer with `fields`, as a shorter part told it; null if that may be another version. */
export function sizeByPart(shortened: Validators | null, fields: FieldLines): number | null {
  if (shortened === null) return null
  // The sizes are compared by the caller.
  const isOther = isOtherVersion(shortened, validatorsOf(fields, null, {}))
  return isOther ? null : shortened.total
}
