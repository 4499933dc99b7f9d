import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'

/**
 * Events of a server, after which the listeners of Fastify and of the application write to the socket itself. A
 * connection sent bytes that are not a request, or was too slow with a request, or asks for another protocol. An answer
 * may be under way on it.
 */
const EVENTS = ['clientError', 'upgrade', 'connect'] as const

/** The last answer of `sendRange` on each connection. */
const answers = new WeakMap<object, ServerResponse>()

/**
 * Keeps text of the server out of an HTTP/1 answer. While the answer is under way, an event whose listeners write to
 * the socket cuts the connection before they are called. They are called all the same, with a socket that is destroyed.
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
}

/** After an answer that is written to its end, what is written now does no harm. */
function cutAnswerOn(socket: Duplex): void {
  const answer = answers.get(socket)
  if (answer !== undefined && isHeadSent(answer) && !answer.writableEnded) socket.destroy()
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && 'prependListener' in value
}
