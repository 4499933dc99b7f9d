import type { FastifyReply } from 'fastify'
import type { SendRangeError } from '../errors.ts'

/** The errors of calls that were refused. Each was reported. */
const refusals = new WeakSet<object>()

/**
 * What a refused call returns while another answer is still on its way: the reply, except that waiting for it fails.
 * Fastify waits for what a hook returns. In an `onSend` hook, the answer would wait for its own end, for ever.
 */
export function refusedCall(reply: FastifyReply, error: SendRangeError): FastifyReply {
  refusals.add(error)
  const refused = Object.create(reply) as FastifyReply
  const rejects: FastifyReply['then'] = (_fulfilled, rejected) => rejected?.(error)
  Object.defineProperty(refused, 'then', { value: rejects })
  return refused
}

/** Whether a handler has returned a refused call. The other answer is sent then. */
export function isRefusal(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && refusals.has(payload)
}
