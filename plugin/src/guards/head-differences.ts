import { endsWithHead } from '../rules/connection-fields.ts'
import { codingOf } from '../rules/content-coding.ts'
import { isMultipart } from '../rules/media-type.ts'
import { announcedLength, type ReadableHead } from './answer-head.ts'
import type { IntendedAnswer } from './intended-answer.ts'

const OK = 200
const PARTIAL_CONTENT = 206
const MULTIPLE_CHOICES = 300

/** Whether the announced length is not that of the content. */
export function isOtherLength(head: ReadableHead, intended: IntendedAnswer): boolean {
  const length = announcedLength(head)
  return length !== undefined && intended.length !== undefined && length !== intended.length
}

/** Whether the content has a coding that the representation itself does not have. */
export function isEncoded(head: ReadableHead, intended: IntendedAnswer): boolean {
  const coding = codingOf(head.lines('content-encoding').join(','))
  return coding !== undefined && coding !== intended.coding
}

/** Whether Content-Range is not that of the content, or there must not be one. */
export function hasOtherRange(
  head: ReadableHead,
  { contentRange, contentType = '' }: IntendedAnswer,
): boolean {
  const lines = head.lines('content-range')
  if (lines.length > 1) return true
  if (head.status !== PARTIAL_CONTENT) return lines.length === 1 && lines[0] !== contentRange
  // Without a range of ours, only a multipart body may go out as a 206: its parts have ranges of their own.
  return lines[0] !== contentRange || (contentRange === undefined && !isMultipart(contentType))
}

/**
 * Whether an answer that is not ours, such as an error, is a 206 that does not say which bytes follow.
 *
 * RFC 9110 §15.3.7.1: "If a single part is being transferred, the server generating the 206 response MUST generate a
 * Content-Range header field, describing what range of the selected representation is enclosed".
 */
export function isPartWithoutRange(head: ReadableHead): boolean {
  if (head.status !== PARTIAL_CONTENT) return false
  const ranges = head.lines('content-range')
  const [range = ''] = ranges
  if (ranges.length === 0) return !isMultipart(head.lines('content-type').join(', '))
  if (ranges.length > 1) return true
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(range) ?? []
  const length = announcedLength(head)
  return first !== undefined && length !== undefined && length !== Number(last) - Number(first) + 1
}

/** Whether Content-Type is not that of the parts that follow. */
export function hasOtherParts(head: ReadableHead, { contentRange, contentType }: IntendedAnswer): boolean {
  const lines = head.lines('content-type')
  const [type = ''] = lines
  if (contentRange !== undefined) return isMultipart(type) && type !== contentType
  // Parameters after ours, such as a charset, do no harm.
  if (contentType === undefined || lines.length > 1) return true
  const more = type.slice(contentType.length)
  return !type.startsWith(contentType) || !/^\s*(?:;|$)/.test(more) || /boundary/i.test(more)
}

/**
 * Whether an answer is no longer the one that hands a file over: it has another status, or a hook has replaced its empty
 * body.
 */
export function isOtherThanHandOver(head: ReadableHead, intended: IntendedAnswer): boolean {
  if (head.status !== intended.status || isEncoded(head, intended)) return true
  return intended.length !== undefined && announcedLength(head) !== intended.length
}

/** Whether the field that hands a file over is missing, another one, or beside content of its own. */
export function hasOtherHandOver(head: ReadableHead, intended: IntendedAnswer): boolean {
  const { namedFile } = intended
  if (namedFile === undefined) return false
  const value = head.lines(namedFile.name.toLowerCase()).join(', ')
  return value !== (isOtherThanHandOver(head, intended) ? '' : namedFile.value)
}

/** Whether there is a strong entity-tag. */
export function hasStrongTag(head: ReadableHead): boolean {
  return head.lines('etag').some((tag) => tag.startsWith('"'))
}

/** Whether there is a strong entity-tag that is not that of the representation. */
export function hasOtherStrongTag(head: ReadableHead, { etag }: IntendedAnswer): boolean {
  return hasStrongTag(head) && head.lines('etag').join(', ') !== etag
}

/** Whether Last-Modified is not the date of the representation. */
export function hasOtherDate(head: ReadableHead, { lastModified }: IntendedAnswer): boolean {
  const lines = head.lines('last-modified')
  return lines.length > 0 && lines.join(', ') !== lastModified
}

/** Whether a client takes the content for what it has asked for, even if it is empty. */
export function isSuccess(status: number): boolean {
  return status >= OK && status < MULTIPLE_CHOICES && !endsWithHead(status)
}

/** Whether the content of a status is the representation, or a part of it. */
export function isContentStatus(status: number): boolean {
  return status === OK || status === PARTIAL_CONTENT
}

/**
 * Bytes of the body that a client expects after a head; undefined for any number. Without Content-Length, the strong
 * tag of a whole representation says how long it is (RFC 9110 §8.8.1).
 */
export function expectedLength(head: ReadableHead, intended: IntendedAnswer | undefined): number | undefined {
  const length = announcedLength(head)
  if (length !== undefined || head.status !== OK || intended?.status !== OK) return length
  return hasStrongTag(head) && !hasOtherStrongTag(head, intended) ? intended.length : undefined
}
