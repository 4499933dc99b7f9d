import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut } from '../connection/response-lifetime.ts'
import { systemCode } from '../errors.ts'
import { writeLogLine } from '../log-line.ts'

/** What the log says of an answer that was begun on `reply.raw`, past Fastify. */
export const ABANDONED_MESSAGE =
  'an answer was begun on reply.raw without reply.hijack, and left to sendRange: it was cut'

/**
 * Cuts an answer that the application has begun on `reply.raw` and left to `sendRange`. `sendRange` cannot continue it,
 * and its client would wait for ever. Call this only if nothing was sent through Fastify, which would end the answer.
 *
 * After `reply.hijack()`, and if a stream is piped into the response, the application ends the answer itself.
 */
export function cutAbandoned(reply: FastifyReply): void {
  const { raw } = reply
  // `sent`: the answer has ended, or was hijacked.
  if (reply.sent || !isHeadSent(raw) || raw.listenerCount('unpipe') > 0) return
  reportAbandoned(reply)
  cut(raw)
}

/** Cuts such an answer after Fastify has failed to write its head, because another one was sent already. */
export function cutRefused(reply: FastifyReply, error: unknown): void {
  const code = systemCode(error)
  if (code !== 'ERR_HTTP_HEADERS_SENT' && code !== 'ERR_HTTP2_HEADERS_SENT') return
  if (!reply.sent && isHeadSent(reply.raw)) {
    reportAbandoned(reply)
    cut(reply.raw)
  }
}

/** Reports in the log why an answer is cut. */
export function reportAbandoned({ log }: FastifyReply): void {
  writeLogLine(log, { level: 'warn', details: {}, message: ABANDONED_MESSAGE })
}
