import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Body } from './body.ts'
import { SendRangeError } from './errors.ts'

/**
 * Cuts a client that has taken nothing for so long. The socket's own timer is used: it knows when bytes of a large
 * write are still trickling out, and starts anew with each of them. A source that is slow is not the client's fault.
 *
 * @param timeout ms; 0 waits for ever
 */
export function guardAgainstStall(reply: FastifyReply, body: Body, timeout: number): void {
  if (timeout === 0) return
  const { raw } = reply
  const socket = raw.socket instanceof Socket ? raw.socket : undefined
  const before = socket?.timeout ?? 0
  const arm = (): void => {
    raw.setTimeout(timeout, onTimeout)
  }
  const onTimeout = (): void => {
    raw.off('timeout', onTimeout)
    if (body.awaitsClient) body.destroy(new SendRangeError('ERR_RANGE_STALLED', 'The client stopped reading'))
    else arm()
  }
  arm()
  body.once('close', () => {
    raw.off('timeout', onTimeout)
    // The connection may go on to other routes, to which this limit does not belong.
    if (socket !== undefined && !socket.destroyed) socket.setTimeout(before)
  })
}
