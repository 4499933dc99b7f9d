import { constants, Http2ServerResponse, type ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { BodyCount, type IntendedBody } from '../rules/body-length.ts'
import { endsWithHead } from '../rules/connection-fields.ts'
import { replaceMethod } from './replace-function.ts'
import { writtenHead } from './written-head.ts'

const RESET_CONTENT = 205

/** The intended body of an answer. */
export interface GuardedBody extends IntendedBody {
  /** Whether our body was read to its end, or not at all because something else replaces it. */
  readonly isSpent: () => boolean
}

/** A body that is handed out in pieces to be written. */
interface HandedOut {
  /** Bytes so far. */
  readonly handedOut: () => number
  /** Called when other bytes are written. */
  readonly refuse: () => void
}

/** What is known of the answer on a stream. */
interface Guarded {
  readonly response: Http2ServerResponse
  /** The status of our answer. */
  status: number
  isBodySpent: () => boolean
  /** Counts what was written into the stream. */
  body: BodyCount
  /** Our own body, if no other bytes may be written into the stream. */
  soleBody?: HandedOut
  /**
   * - `awaited`: the head was not sent
   * - `ours`: Node's response has sent it, which asks for trailers before it ends a stream
   * - `ended`: the stream was allowed to end
   */
  state: 'awaited' | 'ours' | 'ended'
}

/** The methods of a stream through which it can end. */
interface StreamMethods {
  respond: (headers: unknown, options: unknown) => void
  _write: (chunk: unknown, encoding: BufferEncoding, done: () => void) => void
  _writev: (chunks: readonly Queued[], done: () => void) => void
  sendTrailers: (trailers: unknown) => void
  close: (code?: number, onClose?: () => void) => void
  _destroy: (error: Error | null, done: (error?: Error | null) => void) => void
}

interface Queued {
  readonly chunk: unknown
  readonly encoding: BufferEncoding
}

const guarded = new WeakMap<ServerHttp2Stream, Guarded>()

/**
 * Ends an HTTP/2 answer with RST_STREAM and INTERNAL_ERROR if it ends early: because the stream of a hook fails or ends
 * too soon, or by `end`, `close` or `destroy` of the response or of its stream. Without this, Node sends END_STREAM, or
 * RST_STREAM with NO_ERROR, and clients take what they have for the whole. An answer that a hook makes too long ends in
 * the same way before a surplus byte goes out, and so does a 206 with other bytes than those of its range.
 *
 * RFC 9113 §8.1.1: "A request or response is also malformed if the value of a Content-Length header field does not
 * equal the sum of the DATA frame payload lengths that form the content". If a hook has removed Content-Length, the
 * answer is complete when our body was read to its end.
 */
export function guardHttp2End({ raw, statusCode }: FastifyReply, intended: GuardedBody): void {
  const response: unknown = raw
  if (!(response instanceof Http2ServerResponse)) return
  const { stream } = response
  if (stream === undefined) return
  const known = guarded.get(stream)
  if (known !== undefined) {
    known.status = statusCode
    known.isBodySpent = intended.isSpent
    known.body = new BodyCount(intended)
    return
  }
  const body = new BodyCount(intended)
  const answer: Guarded = {
    response,
    status: statusCode,
    isBodySpent: intended.isSpent,
    body,
    state: 'awaited',
  }
  guarded.set(stream, answer)
  guardEnd(stream, answer)
  guardReset(stream, answer)
}

/** Whether a stream has ended before our answer was complete. Node emits `finish` for such a stream too. */
export function hasEndedEarly(response: object): boolean {
  if (!(response instanceof Http2ServerResponse) || response.stream === undefined) return false
  const answer = guarded.get(response.stream)
  return (
    answer !== undefined &&
    answer.state !== 'ended' &&
    (answer.state === 'ours' || !response.stream.headersSent)
  )
}

/** Has a stream take no more bytes than a body has handed out, if the head announces their number. */
export function limitToBody(stream: ServerHttp2Stream, body: HandedOut): void {
  const answer = guarded.get(stream)
  if (answer !== undefined) answer.soleBody = body
}

/** Bytes of our answer that were written into a stream so far. */
export function bytesWrittenTo(stream: ServerHttp2Stream): number {
  return guarded.get(stream)?.body.count ?? 0
}

/** Counts what is written, and checks it before END_STREAM goes out. */
function guardEnd(stream: ServerHttp2Stream, answer: Guarded): void {
  const original = methodsOf(stream)
  replaceMethods(stream, {
    respond(headers, options) {
      const ours = isAskingForTrailers(options)
      if (ours) answer.state = 'ours'
      // A head that ends the stream would leave nothing to check.
      original.respond.call(stream, headers, ours ? { ...options, endStream: false } : options)
    },
    _write(chunk, encoding, done) {
      if (admits(stream, answer, [{ chunk, encoding }])) original._write.call(stream, chunk, encoding, done)
      else reset(stream, done)
    },
    _writev(chunks, done) {
      if (admits(stream, answer, chunks)) original._writev.call(stream, chunks, done)
      else reset(stream, done)
    },
    sendTrailers(trailers) {
      if (answer.state === 'ours' && !isWhole(stream, answer)) return reset(stream)
      answer.state = 'ended'
      original.sendTrailers.call(stream, trailers)
    },
  })
}

/** Gives an error code to a reset without one, and to a reset that says that the answer is no longer wanted. */
function guardReset(stream: ServerHttp2Stream, answer: Guarded): void {
  const original = methodsOf(stream)
  const isCutShort = (): boolean => {
    if (stream.closed) return false
    return stream.headersSent ? answer.state === 'ours' : answer.state === 'awaited'
  }
  replaceMethods(stream, {
    close(code, onClose) {
      const isNormalEnd =
        code === undefined || code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL
      const sentCode = isNormalEnd && isCutShort() ? constants.NGHTTP2_INTERNAL_ERROR : code
      original.close.call(stream, sentCode, onClose)
    },
    _destroy(error, done) {
      if (isCutShort()) original.close.call(stream, constants.NGHTTP2_INTERNAL_ERROR)
      original._destroy.call(stream, error, done)
    },
  })
}

function reset(stream: ServerHttp2Stream, done?: () => void): void {
  stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  done?.()
}

function admits(stream: ServerHttp2Stream, answer: Guarded, chunks: readonly Queued[]): boolean {
  const head = headOf(stream, answer)
  // What a hook sends on the stream itself belongs to the hook.
  const isHeld = answer.state === 'ours' && head.status !== RESET_CONTENT
  const isRight = chunks
    .map((queued) => answer.body.add(head, bytesOf(queued)))
    .every((it) => !isHeld || it !== 'wrong')
  // If something below the response encodes the body, the head announces no length.
  const { soleBody } = answer
  const isAlone =
    soleBody === undefined || head.length === undefined || answer.body.count <= soleBody.handedOut()
  if (!isAlone) soleBody.refuse()
  return isRight && isAlone
}

function isWhole(stream: ServerHttp2Stream, answer: Guarded): boolean {
  const head = headOf(stream, answer)
  if (endsWithHead(head.status) || head.status === RESET_CONTENT) return true
  if (!answer.body.mayEnd(head)) return false
  return head.length !== undefined || head.status !== answer.status || answer.isBodySpent()
}

function headOf(
  { sentHeaders }: ServerHttp2Stream,
  { response }: Guarded,
): { status: number; length: number | undefined } {
  const { ':status': status = 0, 'content-length': announced } = sentHeaders ?? {}
  const length = announced === undefined ? writtenHead(response)?.length : Number(announced)
  return { status: Number(status), length }
}

function isAskingForTrailers(options: unknown): options is { readonly waitForTrailers: true } {
  return typeof options === 'object' && options !== null && Reflect.get(options, 'waitForTrailers') === true
}

function bytesOf({ chunk, encoding }: Queued): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding)
  return chunk instanceof Uint8Array ? chunk : Buffer.alloc(0)
}

function methodsOf(stream: ServerHttp2Stream): StreamMethods {
  const { respond, _write, _writev, sendTrailers, close, _destroy } = stream as unknown as StreamMethods
  return { respond, _write, _writev, sendTrailers, close, _destroy }
}

function replaceMethods(stream: ServerHttp2Stream, methods: Partial<StreamMethods>): void {
  for (const [name, method] of Object.entries(methods)) replaceMethod(stream, name, method)
}
