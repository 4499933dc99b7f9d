import { CONNECTION_FIELDS } from './connection-fields.ts'
import { isFieldName, isFieldValue } from './field-value.ts'
import { HAND_OVER_FIELDS } from './hand-over.ts'

/**
 * Fields that no text of an application sets for the answers of `sendRange`. Each has an option or a property of its own,
 * or follows from the answer or its connection; another value would contradict what is sent, or have a server in front
 * send another file.
 */
export const ANSWER_FIELDS: readonly string[] = [
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'trailer',
  ...CONNECTION_FIELDS,
  ...HAND_OVER_FIELDS,
]

/** Whether a field can be sent, and is one that the application may set for the answers of `sendRange`. */
export function isApplicationField(name: string, value: unknown): boolean {
  return isFieldName(name) && !ANSWER_FIELDS.includes(name.toLowerCase()) && isFieldValue(value)
}

/**
 * Fields that say nothing about a representation, but about the server, this answer, this client or this message. A
 * source must not bring them: what a store answers to this server is not meant for its clients.
 *
 * Content-Digest (RFC 9530 §2) and Content-MD5 are digests of one message. Repr-Digest is that of the representation.
 */
const FOREIGN_FIELDS: readonly string[] = [
  'age',
  'allow',
  'alt-svc',
  'authentication-info',
  'content-digest',
  'content-encoding',
  'content-md5',
  'date',
  'location',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'vary',
  'via',
  'www-authenticate',
]

const REFUSED: ReadonlySet<string> = new Set([...ANSWER_FIELDS, ...FOREIGN_FIELDS])
const REFUSED_FAMILY = /^(?:access-control|proxy)-/

/**
 * Whether a source may bring a field of this name with a representation.
 *
 * @param name in lower case
 */
export function isRepresentationField(name: string): boolean {
  return !REFUSED.has(name) && !REFUSED_FAMILY.test(name)
}
