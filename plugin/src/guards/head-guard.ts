import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { correctHeadersSent } from '../connection/head-sent.ts'
import { replaceMethod } from '../connection/replace-function.ts'
import { cut, type RawResponse } from '../connection/response-lifetime.ts'
import { noteWrittenHead, writtenHead } from '../connection/written-head.ts'
import { writeLogLine } from '../log-line.ts'
import { CONNECTION_FIELDS, endsWithHead, isChunked } from '../rules/connection-fields.ts'
import { AnswerHead, type ReadableHead, writtenHeadOf } from './answer-head.ts'
import { guardBody } from './body-guard.ts'
import { checkWhenFinished, isSentByNodeAtOnce } from './finished-answer.ts'
import { isPlainFields, setAllFields } from './head-arguments.ts'
import { expectedLength } from './head-differences.ts'
import { correctContentlessHead, correctEncodedHead, correctHead, wrongFieldOf } from './head-rules.ts'
import { checkNextHead } from './http2-head.ts'
import {
  expectOwnBody,
  hasOwnBody,
  hasOwnBodyAtOnce,
  type IntendedAnswer,
  intendedAnswer,
  rememberIntended,
} from './intended-answer.ts'

type WriteHead = (status: number, ...rest: unknown[]) => RawResponse
type SetField = (name: string, value: unknown) => RawResponse

/** Responses with {@link guardFraming}. */
const framingGuarded = new WeakSet<RawResponse>()
/** Responses whose fields are checked when they are set. */
const fieldsGuarded = new WeakSet<RawResponse>()

/**
 * Notes that the whole of our own body follows.
 *
 * @returns false if a head that was written before announces another length
 */
export function admitOwnBody(raw: RawResponse): boolean {
  expectOwnBody(raw)
  const head = writtenHead(raw)
  const intended = intendedAnswer(raw)
  if (head?.length === undefined || intended === undefined || head.status !== intended.status) return true
  return head.length === intended.length
}

/**
 * Compares the head of an answer with its body, after every change that hooks and middleware have made. Hooks run in
 * any order, and middleware changes fields as late as in `writeHead`. So the head is checked when it is written, and
 * again as it was written, before a byte of it goes out.
 *
 * - Content that was encoded by a hook is another representation than the one that our strong tag names. The tag
 *   becomes weak (RFC 9110 §8.8.3.3), and Accept-Ranges is removed, since the ranges are of other bytes.
 * - Content that a hook has replaced is treated in the same way if its length shows that it was replaced.
 * - If a hook makes an error of an answer, it has no tag, date or ranges of the representation.
 * - An answer that would have a client join wrong bytes is cut, by the rules in `head-rules.ts`.
 * - The framing is that of {@link guardFraming}.
 */
export function guardHead(reply: FastifyReply, answer: IntendedAnswer): void {
  const raw: RawResponse = reply.raw
  guardFraming(reply)
  if (!fieldsGuarded.has(raw)) guardSetHeader(raw)
  fieldsGuarded.add(raw)
  rememberIntended(raw, answer)
}

/**
 * Has the head of an answer announce a framing that its connection can have. For some fields Node throws while it
 * writes, where no code can catch it, and others it sends as they are.
 *
 * - Of Transfer-Encoding and Content-Length only one stays (RFC 9112 §6.2), and Trailer only if there can be trailers.
 * - An answer is cut if its Content-Length is not one number.
 * - Over HTTP/2 the fields of a connection are removed (RFC 9113 §8.2.2).
 */
export function guardFraming(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  if (framingGuarded.has(raw)) return
  framingGuarded.add(raw)
  guardWriteHead(reply, raw)
}

function guardWriteHead(reply: FastifyReply, raw: RawResponse): void {
  const isWrapped = Object.hasOwn(raw, 'writeHead')
  const writeHead = raw.writeHead as unknown as WriteHead
  const guarded: WriteHead = (status, ...rest) => {
    // HTTP/2 takes no fields after the client has left, and Node 20 throws after the answer was cut.
    if (isGone(raw)) return raw
    const message = typeof rest[0] === 'string' ? [rest[0]] : []
    const given = rest.at(-1)
    // A wrapper below may add fields. It sees only those that are set on the response.
    const fields = isPlainFields(given) && !isWrapped ? given : undefined
    if (fields === undefined) setAllFields(raw, given)
    const head = new AnswerHead(raw, status, fields)
    const intended = intendedAnswer(raw)
    if (intended !== undefined) correctHead(head, intended)
    correctContentlessHead(head)
    chooseFraming(head, reply)
    const isRight = (written: ReadableHead): boolean => {
      const field = wrongFieldOf({ head: written, intended, isOwnBody: hasOwnBody(raw) })
      if (field !== undefined) cutAtHead(reply, field)
      return field === undefined
    }
    if (raw instanceof Http2ServerResponse) checkNextHead(raw.stream, isRight)
    if (isWrapped || !isSentByNodeAtOnce(raw)) checkWhenFinished(reply, raw)
    if (fields === undefined) writeHead.call(raw, status, ...message)
    else writeHead.call(raw, status, ...message, fields)
    if (isGone(raw)) return raw
    correctHeadersSent(raw)
    const written = writtenHeadOf(raw, status)
    noteWrittenHead(raw, { status: written.status, length: expectedLength(written, intended) })
    guardUntilTrailers(reply, written)
    isRight(written)
    return raw
  }
  raw.writeHead = guarded as unknown as typeof raw.writeHead
}

/** A body in memory ends its response, unless trailers follow. Until they are there, the response takes more bytes. */
function guardUntilTrailers(reply: FastifyReply, head: ReadableHead): void {
  const length = hasOwnBodyAtOnce(reply.raw) ? intendedAnswer(reply.raw)?.length : undefined
  if (length !== undefined && head.lines('trailer').length > 0) guardBody(reply, { length })
}

function isGone(raw: RawResponse): boolean {
  if (!(raw instanceof Http2ServerResponse)) return false
  return raw.stream === undefined || raw.stream.closed || raw.stream.destroyed
}

/** Wrappers below `writeHead` set fields after our check of the head: a coding, or the strong tag again. */
function guardSetHeader(raw: RawResponse): void {
  for (const method of ['setHeader', 'appendHeader'] as const) {
    const original = raw[method] as SetField | undefined
    if (original === undefined) continue
    const guarded: SetField = (name, value) => {
      original.call(raw, name, value)
      const lower = name.toLowerCase()
      const intended = intendedAnswer(raw)
      if (intended !== undefined && (lower === 'content-encoding' || lower === 'etag'))
        correctEncodedHead(new AnswerHead(raw, raw.statusCode), intended)
      return raw
    }
    replaceMethod(raw, method, guarded)
  }
}

function chooseFraming(head: AnswerHead, { raw, request }: FastifyReply): void {
  const response: unknown = raw
  if (response instanceof Http2ServerResponse) {
    // RFC 9113 §8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header
    // fields."
    for (const name of CONNECTION_FIELDS) head.remove(name)
    return
  }
  const coding = head.lines('transfer-encoding').join(', ')
  // RFC 9112 §6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request
  // indicates HTTP/1.1 (or later minor revisions)."
  if (request.raw.httpVersionMinor > 0 && !endsWithHead(head.status) && isChunked(coding)) {
    // §6.2: "A sender MUST NOT send a Content-Length header field in any message that contains a Transfer-Encoding
    // header field."
    head.remove('content-length')
    return
  }
  head.remove('transfer-encoding')
  head.remove('trailer')
}

/** Cuts an answer before its first byte, because of this field. */
function cutAtHead({ raw, log }: FastifyReply, field: string): void {
  const response: RawResponse = raw
  const message = 'a hook or middleware has encoded or changed an answer of sendRange and it was cut'
  writeLogLine(log, { level: 'error', details: { sendRange: { outcome: 'cut', field } }, message })
  cut(response)
  if (response instanceof Http2ServerResponse) response.stream?.destroy()
}
