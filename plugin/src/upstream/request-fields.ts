import { isPlainObject } from '../option-checks.ts'
import { CONNECTION_FIELDS } from '../rules/connection-fields.ts'
import { isFieldName, isFieldValue } from '../rules/field-value.ts'
import { upstreamFailure } from './upstream-errors.ts'

/** Header fields, by their names. */
export type OutgoingHeaders = Readonly<Record<string, string>>

/** Fields of requests that follow from the request. */
export const OWN_REQUEST_FIELDS: readonly string[] = [
  'accept-encoding',
  'content-length',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  ...CONNECTION_FIELDS,
]

/** Whether these are fields that an application may add to a request. */
export function isRequestFields(value: unknown): boolean {
  return isFields(value) && Object.keys(value).every((name) => !isOwn(name))
}

/**
 * The fields of a request with those that a signer has returned. Many signers return all fields of a request, with its
 * Host, so those that follow from the request are allowed; but only the request says which bytes of which version it is
 * for.
 *
 * @throws SendRangeError `ERR_RANGE_UPSTREAM` if they cannot be sent
 */
export function withSignature(fields: OutgoingHeaders, signature: unknown): OutgoingHeaders {
  if (!isFields(signature)) throw upstreamFailure(new Error("the option 'sign' returned no header fields"))
  const added = Object.entries(signature)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name === 'host' || !isOwn(name))
  return { ...fields, ...Object.fromEntries(added) }
}

function isOwn(name: string): boolean {
  return OWN_REQUEST_FIELDS.includes(name.toLowerCase())
}

function isFields(value: unknown): value is OutgoingHeaders {
  if (!isPlainObject(value)) return false
  return Object.entries(value).every(([name, field]) => isFieldName(name) && isFieldValue(field))
}
