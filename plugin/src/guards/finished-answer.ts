import type { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { hasNativeSocket, isNativeResponse } from '../connection/native-response.ts'
import { cut, type RawResponse } from '../connection/response-lifetime.ts'
import { writtenHead } from '../connection/written-head.ts'
import { writeLogLine } from '../log-line.ts'
import { endsWithHead } from '../rules/connection-fields.ts'
import { hasOwnBodyAtOnce } from './intended-answer.ts'

/**
 * Compares the bytes that an HTTP/1 answer has brought to its connection with those that its head announces, when Node
 * has finished it. A wrapper of `write` and `end` below the other guards may have dropped bytes, or write them after the
 * end, when Node takes no more. The client would wait for them, or take the next answer on the connection for them
 * (RFC 9112 §6.3: the length says where a message ends). Then the connection is closed before the next answer goes out.
 *
 * Call this before the head is written.
 */
export function checkWhenFinished(reply: FastifyReply, raw: RawResponse): void {
  if (raw instanceof Http2ServerResponse || isAnswerToHead(raw)) return
  if (raw.socket !== null) watch(reply, raw)
  // Node assigns the socket when the answers before this one are finished.
  else raw.once('socket', () => watch(reply, raw))
}

/** Whether Node itself takes the whole body right after the head. So no wrapper can lose bytes of it. */
export function isSentByNodeAtOnce(raw: RawResponse): boolean {
  return hasOwnBodyAtOnce(raw) && isNativeResponse(raw)
}

function watch(reply: FastifyReply, raw: ServerResponse): void {
  const { socket } = raw
  // Another kind of connection may count otherwise.
  if (socket === null || !hasNativeSocket(raw)) return
  const before = socket.bytesWritten
  // Node's own listener, which was there first, lets the next answer out.
  raw.prependListener('finish', () => {
    const head = writtenHead(raw)
    if (head?.length === undefined || endsWithHead(head.status) || socket.destroyed) return
    if (socket.bytesWritten - before < headBytes(raw) + head.length) cutShort(reply, raw)
  })
}

/**
 * Whether Node drops the content, since the client has sent HEAD (RFC 9110 §9.3.2: the answer announces a length all the
 * same). The application may have changed the method of the request since.
 */
function isAnswerToHead(raw: object): boolean {
  return Reflect.get(raw, '_hasBody') === false
}

/** Bytes of the head as it went out. Node keeps it as a text of one byte for each character. */
function headBytes(raw: object): number {
  const text: unknown = Reflect.get(raw, '_header')
  return typeof text === 'string' ? text.length : 0
}

function cutShort({ log }: FastifyReply, raw: ServerResponse): void {
  const message = 'a wrapper of the response has kept back bytes of an answer of sendRange, and it was cut'
  writeLogLine(log, { level: 'error', details: {}, message })
  cut(raw)
}
