import type { ByteRange } from '../rules/range-set.ts'
import { type AnswerHead, bodyLengthOf } from './answer-head.ts'
import { retryAfterSeconds } from './backoff.ts'
import { parseContentRange } from './content-range.ts'

/** What an answer of a store means. */
export type Verdict =
  /** The body has these bytes of a representation of `size` bytes. */
  | { readonly kind: 'part'; readonly range: ByteRange; readonly size: number }
  /** The body is the whole representation. */
  | { readonly kind: 'whole'; readonly size: number }
  /** The body is the whole representation, of a length that only its end says. A range may say it. */
  | { readonly kind: 'unmeasured'; readonly reason: string }
  /** The range starts after the end. Many stores do not say where that is. */
  | { readonly kind: 'unsatisfiable'; readonly size: number | undefined }
  /** A condition of the request is false: it is another version now. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'absent' }
  /** The store does not say whether it is there. */
  | { readonly kind: 'forbidden' }
  /** It is there, but must be restored before it can be read. */
  | { readonly kind: 'archived' }
  /** A later try may succeed. `retryAfter` is in seconds. */
  | { readonly kind: 'busy'; readonly reason: string; readonly retryAfter: number | undefined }
  /** Another try would fail too: settings, rights or the store are wrong. */
  | { readonly kind: 'unusable'; readonly reason: string }

/** It is the place of the object that is not there, so no object would be found: a setting is wrong. */
const MISSING_PLACES = ['NoSuchBucket', 'ContainerNotFound', 'AccountNotFound', 'ResourceNotFound']
const ARCHIVED_CODES = ['InvalidObjectState', 'BlobArchived', 'BlobBeingRehydrated']
const BUSY_CODES = ['RequestTimeout', 'SlowDown', 'ServerBusy', 'OperationTimedOut', 'InternalError']
const BUSY_STATUSES = [408, 429, 500, 502, 503, 504]

/**
 * Decides what an answer means.
 *
 * @param range what was asked for; undefined without a Range field
 */
export function verdictOn(head: AnswerHead, range: ByteRange | undefined): Verdict {
  const { status, code, fields } = head
  if (status === 206) return verdictOnPart(head, range)
  if (status === 200) return verdictOnWhole(head)
  if (code !== undefined && ARCHIVED_CODES.includes(code)) return { kind: 'archived' }
  if (BUSY_STATUSES.includes(status) || (code !== undefined && BUSY_CODES.includes(code)))
    return { kind: 'busy', reason: described(head), retryAfter: retryAfterSeconds(head) }
  // S3 refuses the version that stands for a deletion.
  if (status === 405 && fields['x-amz-delete-marker'] === 'true') return { kind: 'absent' }
  if (status === 404 || status === 410)
    return code !== undefined && MISSING_PLACES.includes(code)
      ? unusable(described(head))
      : { kind: 'absent' }
  // Any other code of a 403 is about the signature, the clock or the account, and not about the object.
  if (status === 403 && (code === undefined || code === 'AccessDenied')) return { kind: 'forbidden' }
  if (status === 412) return { kind: 'changed' }
  if (status === 416 && range !== undefined) return verdictOnNoPart(head, range)
  return unusable(described(head))
}

/** Whether a URL that was signed by the application may have expired, or may have lost its rights. */
export function isSignatureRefused(head: AnswerHead): boolean {
  return head.status === 401 || head.status === 403 || areKeysRefused(head)
}

const KEY_CODES = [
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
]

/** Whether the keys that a request was signed with have expired, or were replaced. */
export function areKeysRefused({ status, code }: AnswerHead): boolean {
  return (status === 401 && code === undefined) || (code !== undefined && KEY_CODES.includes(code))
}

function verdictOnPart(head: AnswerHead, asked: ByteRange | undefined): Verdict {
  if (asked === undefined) return unusable('a 206 to a request without Range')
  const got = parseContentRange(head.fields['content-range'])
  if (got?.kind !== 'part') return unusable('a 206 without a valid Content-Range')
  const { range, size } = got
  const last = Math.min(asked.last, size - 1)
  if (range.first !== asked.first || range.last !== last) return unusable('a 206 with another range')
  const length = bodyLengthOf(head)
  if (length !== undefined && length !== last - range.first + 1)
    return unusable('a Content-Length that contradicts the Content-Range')
  return { kind: 'part', range, size }
}

function verdictOnWhole(head: AnswerHead): Verdict {
  const size = bodyLengthOf(head)
  if (size === undefined) return { kind: 'unmeasured', reason: 'a 200 without Content-Length' }
  // RFC 9110 §14.4 gives the field no meaning here. But a server that sends parts with 200 would have a part stored as the
  // whole.
  const got = parseContentRange(head.fields['content-range'])
  if (got?.kind === 'part' && got.size !== size) return unusable('a 200 with the Content-Range of a part')
  return { kind: 'whole', size }
}

/**
 * Servers also send a 416 to a range that they do not want to send. A client that was told of a size by which its range is
 * not there could take what it has for the whole.
 */
function verdictOnNoPart(head: AnswerHead, { first }: ByteRange): Verdict {
  const size = unsatisfiedSize(head)
  return size !== undefined && size > first
    ? unusable('a 416 to a range of the object')
    : { kind: 'unsatisfiable', size }
}

function unsatisfiedSize({ fields, actualSize }: AnswerHead): number | undefined {
  const got = parseContentRange(fields['content-range'])
  return got?.kind === 'unsatisfied' ? got.size : actualSize
}

function unusable(reason: string): Verdict {
  return { kind: 'unusable', reason }
}

/** For the log: never a URL or the body of the store. The region of a bucket is what a setting should be. */
function described({ status, code, fields }: AnswerHead): string {
  const region = fields['x-amz-bucket-region'] ?? ''
  const where = /^[a-z0-9-]{1,64}$/.test(region) && status < 500 ? `: the bucket is in ${region}` : ''
  return `status ${status}${code === undefined ? '' : ` ${code}`}${where}`
}
