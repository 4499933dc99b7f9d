import type { FastifyReply } from 'fastify'
import { isHeadSent } from './head-sent.ts'
import { writeLogLine } from './log-line.ts'
import { cut } from './response-lifetime.ts'

/**
 * Cuts an answer that the application has begun on `reply.raw` and left to `sendRange`, which cannot go on with it: its
 * client would wait for ever. Nothing must have been sent through Fastify, which would end it.
 *
 * The application ends its answers itself after `reply.hijack()`, and where a stream is piped into the response.
 */
export function cutAbandoned(reply: FastifyReply): void {
  const { raw, log } = reply
  // `sent`: it has ended, or it was hijacked.
  if (reply.sent || !isHeadSent(raw) || raw.listenerCount('unpipe') > 0) return
  const message = 'an answer was begun on reply.raw without reply.hijack, and left to sendRange: it was cut'
  writeLogLine(log, { level: 'warn', details: {}, message })
  cut(raw)
}
