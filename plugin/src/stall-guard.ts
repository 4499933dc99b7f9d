import { Http2ServerResponse } from 'node:http2'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { RawResponse } from './response-lifetime.ts'

/**
 * Tells of a client that has taken nothing for so long though bytes are waiting for it. The socket's own timer is
 * used: it knows when bytes of a large write are still trickling out, and starts anew with each of them. A source
 * that is slow is not the client's fault.
 *
 * @param timeout ms; 0 waits for ever
 * @param onStall called once at most
 */
export function guardAgainstStall(reply: FastifyReply, timeout: number, onStall: () => void): void {
  // `inject` has a stand-in for the socket, behind which nobody stalls.
  if (timeout === 0 || !(reply.request.raw.socket instanceof Socket)) return
  const raw: RawResponse = reply.raw
  const arm = (): void => {
    raw.setTimeout(timeout, onTimeout)
  }
  const onTimeout = (): void => {
    raw.off('timeout', onTimeout)
    if (raw.writableLength > 0) onStall()
    else arm()
  }
  const before = raw.socket?.timeout ?? reply.server.server.timeout
  arm()
  // The timer of an HTTP/2 stream ends with the stream.
  if (raw instanceof Http2ServerResponse) return
  // The connection may go on to other routes, to which this limit does not belong. Node's own listener comes after
  // this one and sets the limit between two requests.
  raw.prependOnceListener('finish', () => {
    raw.off('timeout', onTimeout)
    raw.socket?.setTimeout(before ?? 0)
  })
}
