import { types } from 'node:util'
import { SendRangeError } from '../errors.ts'
import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { isPlainObject } from '../option-checks.ts'
import { isApplicationField } from '../rules/application-fields.ts'
import { isFieldName } from '../rules/field-value.ts'
import type { Representation } from '../sources/source.ts'

/** What a {@link HeadersFunction} gets to know about what is sent. */
export interface FileFacts {
  /** As given to `sendRange`; that of the file, if `index` or `extensions` have found it. */
  readonly path: string
  /** Bytes of all of it. */
  readonly size: number
  /** Ms since the epoch; undefined if a source gives no date. */
  readonly mtimeMs: number | undefined
}

/** Makes fields for 200 and 206 by the file that is sent. A field that is undefined is left out. */
export type HeadersFunction = (file: FileFacts) => Readonly<Record<string, string | undefined>> | undefined

/** The `headers` option. */
export type HeadersSetting = Readonly<Record<string, string>> | HeadersFunction

/** What fields are made for. */
export interface DescribedFile {
  readonly path: string
  readonly representation: Pick<Representation, 'size' | 'lastModified' | 'contentEncoding'>
  /** Whether it was chosen by the Accept-Encoding of the request. */
  readonly isNegotiated: boolean
}

/**
 * The fields of the `headers` option for one answer. A function is called once, also for a 304. It does not know that a
 * variant is sent, so a Content-Encoding of it is that of the file itself.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the function throws, or returns what cannot be sent
 */
export function headersFor(
  headers: HeadersSetting,
  { path, representation, isNegotiated }: DescribedFile,
): Readonly<Record<string, string>> {
  if (typeof headers !== 'function') return headers
  const { size, lastModified } = representation
  const time = types.isDate(lastModified) ? lastModified.getTime() : Number.NaN
  // A file system may have times that no Date has.
  const mtimeMs = Number.isNaN(time) ? undefined : time
  try {
    const made = checkedHeaders(headers({ path, size, mtimeMs }))
    const isVariant = isNegotiated && representation.contentEncoding !== undefined
    return isVariant ? withoutCoding(made) : made
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_OPTION', 'The headers function', thrown)
  }
}

function checkedHeaders(made: unknown): Readonly<Record<string, string>> {
  ignoreRejection(made)
  if (made === undefined) return {}
  if (!isPlainObject(made)) throw wrongHeaders()
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(made) as [string, unknown][]) {
    if (value === undefined) continue
    ignoreRejection(value)
    if (!isApplicationField(name, value)) throw wrongHeaders(isFieldName(name) ? `'${name}'` : 'A name')
    fields[name] = value as string
  }
  return fields
}

function withoutCoding(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(fields).filter(([name]) => name.toLowerCase() !== 'content-encoding')
  return Object.fromEntries(entries)
}

/** @param wrong the field, if it is one */
function wrongHeaders(wrong?: string): SendRangeError {
  const rule =
    'The headers function must return an object of field names and values, with none that the answer decides'
  return new SendRangeError('ERR_RANGE_OPTION', wrong === undefined ? rule : `${rule}. ${wrong} is wrong`)
}
