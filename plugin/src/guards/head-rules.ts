import { endsWithHead, isChunked } from '../rules/connection-fields.ts'
import { HAND_OVER_FIELDS } from '../rules/hand-over.ts'
import { type AnswerHead, announcedLength, type ReadableHead } from './answer-head.ts'
import {
  hasOtherDate,
  hasOtherHandOver,
  hasOtherParts,
  hasOtherRange,
  hasOtherStrongTag,
  hasStrongTag,
  isContentStatus,
  isEncoded,
  isOtherLength,
  isOtherThanHandOver,
  isPartWithoutRange,
  isSuccess,
} from './head-differences.ts'
import type { IntendedAnswer } from './intended-answer.ts'

const OK = 200
const RESET_CONTENT = 205
const PARTIAL_CONTENT = 206
const NOT_MODIFIED = 304
const RANGE_NOT_SATISFIABLE = 416
/** Fields that describe the representation, and no other content. */
const DESCRIPTION = [
  'etag',
  'last-modified',
  'accept-ranges',
  'content-range',
  'repr-digest',
  'content-digest',
]
/** Fields that a 304 must not have, since it carries no content: caches would replace those that they have stored. */
const CONTENT_FIELDS = ['content-encoding', 'content-length', 'content-range', 'content-type']

/** An answer as it is intended, and its head. */
interface Case {
  readonly head: ReadableHead
  readonly intended: IntendedAnswer
  /** Whether our own body follows. Its length is known then. */
  readonly isOwnBody: boolean
}

/** Something about a head that would have clients take the content for other bytes. */
interface Rule {
  /** The field that is wrong. */
  readonly field: string
  readonly isBroken: (answer: Case) => boolean
}

/**
 * Changes of a head by hooks and middleware that would have a client join wrong bytes. If a head without the field is
 * as good as one with the right field, {@link correctHead} has removed it before. The others are cut.
 *
 * These are left as they are, since no client joins bytes because of them: a 206 whose ETag or Last-Modified was
 * removed or made weak (§15.3.7.3: "A client that has received multiple partial responses to GET requests on a target
 * resource MAY combine those responses into a larger continuous range if they share the same strong validator");
 * another tag on a 200, which no If-Range of ours matches, and on a 304 (RFC 9111 §4.3.4: without the same strong
 * validator "the cache MUST NOT use the new response to update any stored responses"); any type on a 200 or on one
 * range; a 416 without Content-Range (§15.5.17, "SHOULD").
 */
const RULES: readonly Rule[] = [
  // §15.3.7: a 206 carries "parts of the selected representation", and a 200 all of it.
  {
    field: 'status',
    isBroken: ({ head, intended }) =>
      isContentStatus(intended.status) && isContentStatus(head.status) && intended.status !== head.status,
  },
  // §15.4.5: a 304 has no content. If a hook makes a 200 of it, that is empty, and a client would store it as the file.
  {
    field: 'status',
    isBroken: ({ head, intended }) =>
      intended.status === NOT_MODIFIED && isSuccess(head.status) && !(Number(announcedLength(head)) > 0),
  },
  // §8.8: the validators of the file are those of no other content. This rule and the next two are for changes below
  // `writeHead`, where `correctHead` does not reach.
  {
    field: 'status',
    isBroken: ({ head, intended }) =>
      head.status !== intended.status &&
      descriptionFields(intended).some((name) => head.lines(name).length > 0),
  },
  // §8.6: also in an answer to HEAD, Content-Length is the length of the answer to GET. Beside the tag of the file a
  // client takes it for the length of the file.
  {
    field: 'content-length',
    isBroken: ({ head, intended }) =>
      head.status === intended.status && isOtherLength(head, intended) && hasStrongTag(head),
  },
  // §8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx
  // (Informational) or 204 (No Content)", and in a 304 only the right one.
  {
    field: 'content-length',
    isBroken: ({ head }) => endsWithHead(head.status) && announcedLength(head) !== undefined,
  },
  // §8.6: "a sender MUST NOT forward a message with a Content-Length header field value that is known to be incorrect".
  // It is incorrect if our own body has another length.
  {
    field: 'content-length',
    isBroken: ({ head, intended, isOwnBody }) =>
      isOwnBody &&
      head.status === intended.status &&
      !endsWithHead(head.status) &&
      isOtherLength(head, intended),
  },
  { field: 'content-length', isBroken: onPartial(isOtherLength) },
  // §14.4: Content-Range counts bytes of the representation, after its codings.
  { field: 'content-encoding', isBroken: onPartial(isEncoded) },
  // §15.3.7.1: "If a single part is being transferred, the server generating the 206 response MUST generate a
  // Content-Range header field, describing what range of the selected representation is enclosed". §15.3.7.2: "a server
  // MUST NOT generate a Content-Range header field in the HTTP header section of a multiple part response".
  { field: 'content-range', isBroken: onPartial(hasOtherRange) },
  // §15.3.7.2: "the server generating the 206 response MUST generate 'multipart/byteranges' content, as defined in
  // Section 14.6, and a Content-Type header field containing the 'multipart/byteranges' media type and its required
  // boundary parameter".
  { field: 'content-type', isBroken: onPartial(hasOtherParts) },
  // §15.3.7: "A server that generates a 206 response MUST generate the following header fields […] if the field would
  // have been sent in a 200 (OK) response to the same request: […] ETag". Under another strong tag a client joins the
  // parts of two versions.
  { field: 'etag', isBroken: onPartial(hasOtherStrongTag) },
  // §8.8.2.2: a date can be a strong validator too.
  { field: 'last-modified', isBroken: onPartial(hasOtherDate) },
  // §8.8.3.3: a strong tag is that of one coding.
  { field: 'etag', isBroken: ({ head, intended }) => isEncoded(head, intended) && hasStrongTag(head) },
  // §14.4: "The Content-Range header field has no meaning for status codes that do not explicitly describe its
  // semantic", and clients read it all the same. §15.5.17: in a 416 it gives the length, and a client that has that
  // many bytes takes them for the whole file.
  {
    field: 'content-range',
    isBroken: ({ head, intended }) => head.status !== PARTIAL_CONTENT && hasOtherRange(head, intended),
  },
  // Without its field an answer that hands a file over is an empty file, and with it an error has the file as its content.
  { field: 'hand-over', isBroken: ({ head, intended }) => hasOtherHandOver(head, intended) },
]

/** The field for which an answer must be cut; undefined if its head is right, or the answer is not ours. */
export function wrongFieldOf({
  head,
  intended,
  isOwnBody,
}: Omit<Case, 'intended'> & { readonly intended: IntendedAnswer | undefined }): string | undefined {
  const length = announcedLength(head)
  // §8.6: "a sender MUST NOT forward a message with a Content-Length header field value that does not match the ABNF".
  if (Number.isNaN(length)) return 'content-length'
  const [coding, ...others] = head.lines('transfer-encoding')
  // RFC 9112 §6.2: "A sender MUST NOT send a Content-Length header field in any message that contains a
  // Transfer-Encoding header field."
  if (coding !== undefined && (length !== undefined || others.length > 0 || !isChunked(coding)))
    return 'transfer-encoding'
  if (hasNoPlaceForContent(head)) return 'status'
  if (intended === undefined) return isPartWithoutRange(head) ? 'content-range' : undefined
  return RULES.find(({ isBroken }) => isBroken({ head, intended, isOwnBody }))?.field
}

/**
 * Whether content cannot follow. §15.2: "A 1xx response is terminated by the end of the header section", and the final
 * response would never come. §15.3.6: "a server MUST NOT generate content in a 205 response".
 */
function hasNoPlaceForContent(head: ReadableHead): boolean {
  return head.status < OK || (head.status === RESET_CONTENT && announcedLength(head) !== 0)
}

/** Removes fields of the representation if the content is another, and those that are better left out than wrong. */
export function correctHead(head: AnswerHead, intended: IntendedAnswer): void {
  if (intended.status !== head.status) for (const name of descriptionFields(intended)) head.remove(name)
  // A hook that removes the length is about to send another body.
  else if (intended.length !== undefined && announcedLength(head) !== intended.length) weaken(head)
  correctEncodedHead(head, intended)
  if (intended.namedFile !== undefined) correctHandOver(head, intended)
  if (head.status === PARTIAL_CONTENT) {
    if (hasOtherDate(head, intended)) head.remove('last-modified')
    // The tag is one of a hook, and the representation has none to compare it with.
    if (intended.etag === undefined && hasStrongTag(head)) weaken(head)
  } else if (hasOtherRange(head, intended)) head.remove('content-range')
}

/** The server in front sends what the field names, whatever the status and the body of the answer are. */
function correctHandOver(head: AnswerHead, intended: IntendedAnswer): void {
  const own = isOtherThanHandOver(head, intended) ? undefined : intended.namedFile?.name.toLowerCase()
  for (const name of HAND_OVER_FIELDS) if (name !== own) head.remove(name)
}

/** The fields that an answer of another status must not have. An error handler has validators of its own. */
function descriptionFields({ status }: IntendedAnswer): readonly string[] {
  return status === RANGE_NOT_SATISFIABLE ? ['content-range', 'accept-ranges'] : DESCRIPTION
}

/** The same for content that was encoded after `sendRange`: it is another representation (RFC 9110 §8.8.3.3). */
export function correctEncodedHead(head: AnswerHead, intended: IntendedAnswer): void {
  if (isEncoded(head, intended)) weaken(head)
}

/** Removes fields about content from the head of an answer without content. */
export function correctContentlessHead(head: AnswerHead): void {
  // §15.4.5: for a 304 "a sender SHOULD NOT generate representation metadata other than the above listed fields".
  if (head.status === NOT_MODIFIED) for (const name of CONTENT_FIELDS) head.remove(name)
  // §8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx
  // (Informational) or 204 (No Content)."
  else if (endsWithHead(head.status)) head.remove('content-length')
}

function onPartial(
  isWrong: (head: ReadableHead, intended: IntendedAnswer) => boolean,
): (answer: Case) => boolean {
  return ({ head, intended }) => head.status === PARTIAL_CONTENT && isWrong(head, intended)
}

function weaken(head: AnswerHead): void {
  if (hasStrongTag(head)) head.set('etag', `W/${head.lines('etag').join(', ')}`)
  // They are of the bytes of the file. RFC 9530 §3: Repr-Digest is that of the representation with its codings.
  for (const name of ['accept-ranges', 'repr-digest', 'content-digest']) head.remove(name)
}
