import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { isPlainObject } from '../option-checks.ts'
import { ownProperties } from '../own-properties.ts'
import { isRepresentationField } from '../rules/application-fields.ts'
import { codingOf, isContentEncoding } from '../rules/content-coding.ts'
import { isFieldName, isFieldValue } from '../rules/field-value.ts'
import type { RepresentationMetadata } from './source.ts'
import { brokenContract } from './source-checks.ts'

/** Fields by their names in lower case. */
export type RepresentationFields = Readonly<Record<string, string>>

const NO_FIELDS: RepresentationFields = Object.freeze(ownProperties({}))

/**
 * The fields that a source has given to a representation, with its Content-Encoding.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` for a field that a source must not bring, or that cannot be sent
 */
export function representationFields({
  headers,
  contentEncoding,
}: Pick<RepresentationMetadata, 'headers' | 'contentEncoding'>): RepresentationFields {
  // Files have none, and cost nothing.
  if (headers === undefined && contentEncoding === undefined) return NO_FIELDS
  const fields: Record<string, string> = ownProperties({})
  for (const [given, value] of entriesOf(headers)) {
    if (value === undefined) continue
    const name = given.toLowerCase()
    if (!isFieldName(name) || !isRepresentationField(name))
      throw brokenContract('The source returned a field that is not one of a representation')
    if (!isFieldValue(value)) {
      ignoreRejection(value)
      throw brokenContract('The source returned a field with a value that cannot be sent')
    }
    fields[name] = value
  }
  const coding = checkedCoding(contentEncoding)
  return coding === undefined ? fields : ownProperties({ ...fields, 'content-encoding': coding })
}

/** The same as a check of an option. */
export function areRepresentationFields(headers: unknown): boolean {
  try {
    representationFields({ headers: headers as RepresentationMetadata['headers'] })
    return true
  } catch {
    return false
  }
}

/** RFC 9110 §8.4: the coding `identity` "is reserved for its special role in Accept-Encoding and thus SHOULD NOT be included". */
function checkedCoding(contentEncoding: unknown): string | undefined {
  if (contentEncoding === undefined || isContentEncoding(contentEncoding)) return codingOf(contentEncoding)
  throw brokenContract('The contentEncoding of a source must be the value of Content-Encoding')
}

function entriesOf(headers: unknown): readonly [string, unknown][] {
  if (headers === undefined) return []
  try {
    if (isPlainObject(headers)) return Object.entries(headers)
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_SOURCE', 'The headers of the source', thrown)
  }
  throw brokenContract('The headers of a source must be a plain object')
}
