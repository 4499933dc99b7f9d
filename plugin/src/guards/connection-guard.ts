import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { replaceMethodTemporarily } from '../connection/replace-function.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'

/**
 * Events of a server, after which the listeners of Fastify and of the application write to the socket itself. A
 * connection sent bytes that are not a request, or was too slow with a request, or asks for another protocol, or nothing
 * was sent on it for a while. An answer may be under way on it.
 */
const EVENTS = ['clientError', 'upgrade', 'connect', 'timeout'] as const

/** The last answer of `sendRange` on each connection. */
const answers = new WeakMap<object, ServerResponse>()

/**
 * Keeps text of the server out of an HTTP/1 answer. While the answer is under way, an event whose listeners write to
 * the socket cuts the connection before they are called. They are called all the same, with a socket that is destroyed.
 * After a timeout it is cut only when they write: a client or a source may be slow, and listeners may leave it at that.
 *
 * RFC 9112 §9.3.2: "A server … MUST send the corresponding responses in the same order that the requests were
 * received".
 */
export function guardConnection(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse || raw.socket === null) return
  // Node has no public name for the server of a connection; a connection of `inject` has none.
  const server: unknown = Reflect.get(raw.socket, 'server')
  if (!isEmitter(server)) return
  answers.set(raw.socket, raw)
  for (const event of EVENTS) listenFirst(server, event)
}

/** Without listeners Node writes nothing into an answer, and a listener of ours would change what Node does. */
function listenFirst(server: EventEmitter, event: (typeof EVENTS)[number]): void {
  if (server.listenerCount(event) === 0 || server.listenerCount(event, LISTENERS[event]) > 0) return
  server.prependListener(event, LISTENERS[event])
}

const LISTENERS = {
  clientError: (_error: unknown, socket: Duplex) => cutAnswerOn(socket),
  upgrade: (_request: unknown, socket: Duplex) => cutAnswerOn(socket),
  connect: (_request: unknown, socket: Duplex) => cutAnswerOn(socket),
  timeout: (socket: Duplex) => cutIfWritten(socket),
}

function cutAnswerOn(socket: Duplex): void {
  if (isInAnswer(socket)) socket.destroy()
}

/** Cuts an answer before the listeners of an event that is under way write into it. */
function cutIfWritten(socket: Duplex): void {
  if (!isInAnswer(socket)) return
  const restore = (['write', 'end'] as const).map((method) => {
    const original = socket[method] as (...given: unknown[]) => unknown
    return replaceMethodTemporarily(socket, method, (...given: unknown[]) => {
      socket.destroy()
      return Reflect.apply(original, socket, given)
    })
  })
  // The listeners have run then, and nothing has come from a client or a source.
  queueMicrotask(() => {
    for (const each of restore) each()
  })
}

/** After an answer that is written to its end, what is written now does no harm. */
function isInAnswer(socket: Duplex): boolean {
  const answer = answers.get(socket)
  return answer !== undefined && isHeadSent(answer) && !answer.writableEnded
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && 'prependListener' in value
}
