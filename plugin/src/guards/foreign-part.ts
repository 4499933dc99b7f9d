import { announcedLength, type ReadableHead } from './answer-head.ts'

const PARTIAL_CONTENT = 206
const MULTIPART = /^multipart\/byteranges\s*(?:;|$)/i

/** Whether a Content-Type is that of several parts, which say their ranges themselves. */
export function isMultipart(contentType: string): boolean {
  return MULTIPART.test(contentType)
}

/**
 * Whether an answer that something else gives in the place of ours, such as an error, is a 206 that does not say which
 * bytes follow.
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
