import type { ServerResponse } from 'node:http'
import { constants, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent, reportFailureAfterHead } from './head-sent.ts'
import { cutInjected, endWithInjectedStream } from './injected-stream.ts'

/** Fastify's `reply.raw`, over HTTP/1 or HTTP/2. */
export type RawResponse = ServerResponse | Http2ServerResponse

/** Whether a response is over: what is written now is not sent. */
export function isOver(reply: FastifyReply): boolean {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse) return raw.stream === undefined || raw.stream.destroyed
  return raw.destroyed || raw.writableFinished || reply.request.raw.socket.destroyed
}

/** The end of a response, and what is to be called then. */
interface Ending {
  isOver: boolean
  readonly listeners: (() => void)[]
}

const endings = new WeakMap<RawResponse, Ending>()

/** Called for the responses that are queued behind others on a connection (pipelining), when it closes. */
const queued = new WeakMap<Socket, Set<() => void>>()

/** One listener for each connection, for any number of pipelined requests. */
function queuedOn(socket: Socket): Set<() => void> {
  const known = queued.get(socket)
  if (known !== undefined) return known
  const waiting = new Set<() => void>()
  queued.set(socket, waiting)
  socket.once('close', () => {
    for (const notify of waiting) notify()
  })
  return waiting
}

/**
 * Calls back once when a response is over, finished or cut; at once if it is over already. Node does not emit `close`
 * for a response that was queued behind others when the connection closed.
 */
export function whenOver(reply: FastifyReply, listener: () => void): void {
  const raw: RawResponse = reply.raw
  const ending = endings.get(raw) ?? watchEnding(reply)
  if (ending.isOver || isOver(reply)) listener()
  else ending.listeners.push(listener)
}

/** One listener for each response, for any number of callbacks. */
function watchEnding({ raw, request }: { raw: RawResponse; request: FastifyReply['request'] }): Ending {
  const ending: Ending = { isOver: false, listeners: [] }
  endings.set(raw, ending)
  // `inject` has an object in the place of a socket.
  if (!(request.raw.socket instanceof Duplex)) endWithInjectedStream(raw)
  if (raw instanceof Http2ServerResponse || raw.socket !== null) {
    raw.once('close', () => notifyAll(ending))
    return ending
  }
  const waiting = queuedOn(request.raw.socket)
  const notify = (): void => {
    waiting.delete(notify)
    notifyAll(ending)
  }
  raw.once('close', notify)
  waiting.add(notify)
  return ending
}

function notifyAll(ending: Ending): void {
  if (ending.isOver) return
  ending.isOver = true
  for (const listener of ending.listeners.splice(0)) listener()
}

/**
 * The methods of an HTTP/2 stream that is cut. Node ends a stream before it resets it. Without trailers to wait for,
 * END_STREAM would then go out first, with the last bytes or after them, and until the reset is sent the stream would
 * take more bytes.
 */
const TAKES_NOTHING = {
  end(this: unknown): unknown {
    return this
  },
  write: (): boolean => false,
  _write: (_chunk: unknown, _encoding: unknown, done: () => void): void => done(),
  _writev: (_chunks: unknown, done: () => void): void => done(),
  _final: (done: () => void): void => done(),
} as const

/** Ends a response in a way that every client notices as an error. */
export function cut(raw: RawResponse): void {
  if (!(raw instanceof Http2ServerResponse)) {
    if (!cutInjected(raw)) raw.destroy()
    return
  }
  const { stream } = raw
  if (stream === undefined || stream.closed) return
  for (const [name, value] of Object.entries(TAKES_NOTHING)) {
    Reflect.defineProperty(stream, name, { value, configurable: true })
  }
  // A stream that is destroyed without a code ends with NO_ERROR (RFC 9113 §7), which clients take for complete.
  stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

/** A body that ends together with a response. */
interface Tied {
  whenFailed(listener: () => void): void
  destroy(): unknown
}

/**
 * Ties a body to its response, so that neither outlives the other. This holds also if a hook has replaced the payload,
 * or pipes it in a way that does not pass on errors.
 */
export function tieToResponse(reply: FastifyReply, body: Tied): void {
  body.whenFailed(() => {
    if (!isHeadSent(reply.raw)) return
    reportFailureAfterHead(reply)
    cut(reply.raw)
  })
  // A body that was sent in full has its last event a little later than the response.
  whenOver(reply, () => setImmediate(() => body.destroy()))
}
