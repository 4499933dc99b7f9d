import type { ServerResponse } from 'node:http'
import { constants, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent, reportFailureAfterHead } from './head-sent.ts'
import { cutInjected, endWithInjectedStream } from './injected-stream.ts'

/** What Fastify's `reply.raw` is, whichever version of HTTP the server speaks. */
export type RawResponse = ServerResponse | Http2ServerResponse

/** Whether a response is over: nothing that is written now goes anywhere. */
export function isOver(reply: FastifyReply): boolean {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse) return raw.stream === undefined || raw.stream.destroyed
  return raw.destroyed || raw.writableFinished || reply.request.raw.socket.destroyed
}

/** Who waits for the end of a response. */
interface Ending {
  isOver: boolean
  readonly listeners: (() => void)[]
}

const endings = new WeakMap<RawResponse, Ending>()

/** The endings of the responses that are queued behind others on a connection (pipelining). */
const queued = new WeakMap<Socket, Set<() => void>>()

/** One listener for each connection, however many requests are pipelined on it. */
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
 * Calls back once when a response is over, finished or cut; at once when it is so already. Node's `close` does not come
 * for a response that was queued behind others when the connection went.
 */
export function whenOver(reply: FastifyReply, listener: () => void): void {
  const raw: RawResponse = reply.raw
  const ending = endings.get(raw) ?? watchEnding(reply)
  if (ending.isOver || isOver(reply)) listener()
  else ending.listeners.push(listener)
}

/** One listener for each response, however many wait for its end. */
function watchEnding({ raw, request }: { raw: RawResponse; request: FastifyReply['request'] }): Ending {
  const ending: Ending = { isOver: false, listeners: [] }
  endings.set(raw, ending)
  // The socket of `inject` is a stand-in.
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
 * The methods of an HTTP/2 stream that is cut. Node ends a stream before it resets it. Where no trailers are waited for,
 * END_STREAM goes out first then, with the last bytes that were written or after them. Until the reset is out, the
 * stream would take more bytes.
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

/** Ends a response in a way that no client takes for its proper end. */
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
  // A stream that is destroyed without a code ends with NO_ERROR (RFC 9113 §7), which reads as complete.
  stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

/** What ends together with a response. */
interface Tied {
  whenFailed(listener: () => void): void
  destroy(): unknown
}

/**
 * Ties a body to its response, so that neither outlives the other: also where a hook put another payload in its
 * place, or pipes it in a way that passes no error on.
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
