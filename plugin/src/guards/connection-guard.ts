import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'

/**
 * What a server reports while it may be answering: a connection that sent what is not a request or took too long for
 * one, and a request to change to another protocol. The listeners of Fastify and of the application write their answer
 * to the socket itself.
 */
const EVENTS = ['clientError', 'upgrade', 'connect'] as const

/** The last answer of ours on each connection. */
const answers = new WeakMap<object, ServerResponse>()

/**
 * Keeps everything else out of an HTTP/1 answer: while it is under way on its connection, an event whose listeners would
 * write to the socket cuts the connection before they are called. They still are, with a socket that is destroyed.
 *
 * RFC 9112 §9.3.2: "A server … MUST send the corresponding responses in the same order that the requests were received".
 */
export function guardConnection(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  if (raw instanceof Http2ServerResponse || raw.socket === null) return
  // Node says under no public name which server a connection is one of; `inject` has none.
  const server: unknown = Reflect.get(raw.socket, 'server')
  if (!isEmitter(server)) return
  answers.set(raw.socket, raw)
  for (const event of EVENTS) listenFirst(server, event)
}

/** Where nobody listens, Node writes nothing into an answer by itself, and a listener would change what it does. */
function listenFirst(server: EventEmitter, event: (typeof EVENTS)[number]): void {
  if (server.listenerCount(event) === 0 || server.listenerCount(event, LISTENERS[event]) > 0) return
  server.prependListener(event, LISTENERS[event])
}

const LISTENERS = {
  clientError: (_error: unknown, socket: Duplex) => cutAnswerOn(socket),
  upgrade: (_request: unknown, socket: Duplex) => cutAnswerOn(socket),
  connect: (_request: unknown, socket: Duplex) => cutAnswerOn(socket),
}

/** An answer that is written to its end is followed by whatever is written now. */
function cutAnswerOn(socket: Duplex): void {
  const answer = answers.get(socket)
  if (answer !== undefined && isHeadSent(answer) && !answer.writableEnded) socket.destroy()
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof value === 'object' && value !== null && 'prependListener' in value
}
