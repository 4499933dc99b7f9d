/**
 * The guards: what goes out is what was decided.
 *
 * What may change an answer. After `sendRange` has decided, an answer passes code of the application: `onSend` hooks,
 * wrappers of `reply.send`, middleware that wraps `reply.raw` (compression), handlers that still write on `reply.raw`,
 * error handlers, and listeners of the server. All of them are trusted, and may answer something else: another body,
 * another coding, an error. But they make mistakes, and Fastify sends what they leave.
 *
 * What must not happen. A client must not take other bytes for those of the file. It must not join bytes of two
 * versions or codings. It must not take a part of one answer for the next answer, and it must not wait for ever. A
 * change that no client can take for one of these is left as it is. If a field can be left out or made weak instead,
 * the guards do that. Otherwise they cut the answer: every client notices an answer that is cut, and none notices a
 * wrong one.
 *
 * How. Fastify has no hook that sees the last form of an answer, so the guards replace methods of the response: they
 * see a head when it is written, and each byte when it is written. These are the steps of an answer. Steps 2 to 6 are
 * the steps 9 to 13 of "The defences of an answer" in SECURITY, and step 7 is its step 15.
 *
 * 1. The status and the fields that say which bytes follow are remembered: this file.
 * 2. The answer is handed to Fastify. From now on the connection takes no text of the server's listeners:
 *    `connection-guard`.
 * 3. If the application has begun an answer on `reply.raw` itself, ours cannot follow, and both are cut:
 *    `begun-answer`, `abandoned-answer`.
 * 4. The head is written: `head-guard` corrects it, reads it again as it goes out, and cuts the answer if a rule is
 *    broken. The rules are in `head-rules`, and what they compare in `head-differences`. Over HTTP/2 `http2-head` looks
 *    below Node's own `writeHead`.
 * 5. If a hook can get at the body, its replacement is compared with the head: `body-guard` over HTTP/1,
 *    `connection/http2-end` over HTTP/2. `first-bytes` holds back a short one until its length is known, and
 *    `replacement` passes on the error of a body that it reads. `held-answer` cuts an
 *    answer that a hook keeps for too long, and `failing-writes` one whose bytes a wrapper of the response does not take.
 * 6. If the body is ours, the guards of step 5 come off, and `sole-writer` lets its bytes through and no others.
 * 7. When an answer of HTTP/1 is finished, `finished-answer` compares the bytes that reached the connection with the head.
 *
 * Out of scope: what the application sends instead, as long as it is a proper answer; what a handler sends after
 * `reply.hijack()`; and answers that `sendRange` has no part in.
 */
import type { FastifyReply } from 'fastify'
import type { RawResponse } from '../connection/response-lifetime.ts'
import { codingOf } from '../rules/content-coding.ts'
import type { HandOverField } from '../rules/hand-over.ts'

/** What an answer is intended to be: its status, and the fields that say which bytes it carries. */
export interface IntendedAnswer {
  readonly status: number
  /** Bytes of the body; undefined if the body is not ours. */
  readonly length?: number
  /** The Content-Encoding of the representation itself, as the handler has set it. */
  readonly coding?: string | undefined
  readonly contentRange?: string | undefined
  readonly contentType?: string | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** The field by which the server in front sends the file. The body is empty then. */
  readonly namedFile?: HandOverField
}

/**
 * A 200 or a 206 with the status and the fields that are set on its reply.
 *
 * @param length bytes of the body
 * @param coding Content-Encoding of the representation itself
 */
export function intendedContent(reply: FastifyReply, length: number, coding: unknown): IntendedAnswer {
  return {
    status: reply.statusCode,
    length,
    coding: codingOf(coding),
    contentRange: textOf(reply.getHeader('content-range')),
    contentType: textOf(reply.getHeader('content-type')),
    etag: textOf(reply.getHeader('etag')),
    lastModified: textOf(reply.getHeader('last-modified')),
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value)
}

const intended = new WeakMap<RawResponse, IntendedAnswer>()
/** Responses into which our own body is written, and how. */
const own = new WeakMap<object, 'at once' | 'in parts'>()

/** What a response is intended to be; undefined if its content is not ours. */
export function intendedAnswer(raw: RawResponse): IntendedAnswer | undefined {
  return intended.get(raw)
}

/** Remembers what a response is intended to be, until it is over. */
export function rememberIntended(raw: RawResponse, answer: IntendedAnswer): void {
  intended.set(raw, answer)
}

/** Leaves a response to the error handlers: its content is no longer ours. */
export function forgetIntended(raw: RawResponse): void {
  intended.delete(raw)
  own.delete(raw)
}

/** Notes that the body of a response is ours, so that its length is known before its head is written. */
export function expectOwnBody(raw: object): void {
  own.set(raw, 'in parts')
}

/** The same for a body in memory. Fastify writes it in the same step as the head: no other code runs in between. */
export function expectOwnBodyAtOnce(raw: object): void {
  own.set(raw, 'at once')
}

/** Whether the body of a response is ours, and was noted to be sent together with the head. */
export function hasOwnBodyAtOnce(raw: object): boolean {
  return own.get(raw) === 'at once'
}

/** Whether the body of a response is ours. */
export function hasOwnBody(raw: object): boolean {
  return own.has(raw)
}
