import { Http2ServerResponse } from 'node:http2'
import { Duplex } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type RawResponse, whenOver } from './response-lifetime.ts'

/** How often progress is looked for within the time limit. */
const LOOKS = 4

/**
 * Reports a client that has taken nothing for this long though bytes are waiting for it. A source that is slow is not
 * the client's fault. The timer is our own: the one of the socket is Fastify's, for `connectionTimeout` and `onTimeout`.
 *
 * @param timeout ms; 0 waits for ever
 * @param onStall called once at most, between `timeout` and 1.25 times `timeout` after the last progress
 */
export function guardAgainstStall(reply: FastifyReply, timeout: number, onStall: () => void): void {
  const raw: RawResponse = reply.raw
  const connection = reply.request.raw.socket
  // `inject` has a stand-in for the socket, behind which nobody stalls.
  if (timeout === 0 || !(connection instanceof Duplex)) return
  let before = progressOf(raw)
  let looksWithoutProgress = 0
  const timer = setInterval(
    () => {
      const now = progressOf(raw)
      // An answer that is queued behind another on its connection waits for that one, which has a guard of its own.
      const isWaiting = raw.socket !== null && raw.writableLength > 0
      looksWithoutProgress = isWaiting && now === before ? looksWithoutProgress + 1 : 0
      before = now
      if (looksWithoutProgress < LOOKS) return
      clearInterval(timer)
      onStall()
    },
    Math.ceil(timeout / LOOKS),
  )
  timer.unref()
  whenOver(reply, () => clearInterval(timer))
}

/**
 * Differs from one look to the next when the client took something, or when something was written for it. Streams
 * count a write as one; where Node also says how much of it the operating system has not yet taken, that counts too.
 */
function progressOf(raw: RawResponse): string {
  if (raw instanceof Http2ServerResponse) {
    return `${raw.stream?.bufferSize ?? 0} ${raw.writableLength}`
  }
  const { socket } = raw
  if (socket === null) return ''
  return `${socket.bytesWritten} ${socket.writableLength} ${unwrittenBytes(socket)}`
}

/** What of the current write the operating system has not yet taken: Node's own socket timers look at the same. */
function unwrittenBytes(socket: object): unknown {
  const handle: unknown = Reflect.get(socket, '_handle')
  return typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : undefined
}
