import type { FastifyReply } from 'fastify'
import { cut } from '../connection/response-lifetime.ts'
import { writeLogLine } from '../log-line.ts'

/**
 * Cuts an answer that an `onSend` hook, or a wrapper of `reply.send`, still has when Fastify's `handlerTimeout` is over.
 * Fastify would send its error, and later what the hook returns: under the head of the error, or of another file that an
 * error handler sends. No guard knows which of the two is written, since a hook may return any bytes. And if the error was sent
 * already, Fastify throws where a hook with a callback ends the process.
 */
export function cutHeld({ log, raw }: FastifyReply): void {
  const message = 'a hook has kept an answer of sendRange for longer than handlerTimeout, and it was cut'
  writeLogLine(log, { level: 'error', details: {}, message })
  cut(raw)
}
