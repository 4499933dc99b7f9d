import type { FastifyReply } from 'fastify'
import { cut, isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { writeLogLine } from '../log-line.ts'
import { hasOwnBody } from './intended-answer.ts'
import { isErrorHandled } from './replacement.ts'
import { interceptWrites, passRejection, type WriteInterceptor } from './write-calls.ts'

/** What the log says of an answer whose bytes a wrapper of the response has not taken. */
export const THROWN_MESSAGE = 'a wrapper of the response has thrown in an answer of sendRange, and it was cut'

/** Cuts such an answer. */
export function cutThrown(reply: FastifyReply, thrown: unknown): void {
  if (isOver(reply)) return
  writeLogLine(reply.log, { level: 'warn', details: { err: thrown }, message: THROWN_MESSAGE })
  cut(reply.raw)
}

/**
 * Catches what wrappers of the response throw while a stream is piped into it that is not our own body: one that a hook
 * has put in its place, or an empty one. Nobody else catches it there: it would end the process, and the client would
 * wait. `sole-writer` does the same for our own body.
 */
export function catchFailingWrites(reply: FastifyReply): void {
  const raw: RawResponse = reply.raw
  // Not before: hooks may still wrap the response.
  raw.once('pipe', () => {
    // `sent`: the answer was hijacked, and belongs to the application.
    if (reply.sent || hasOwnBody(raw) || isErrorHandled(raw)) return
    const fail = (thrown: unknown): void => cutThrown(reply, thrown)
    const pass =
      (result: unknown): WriteInterceptor =>
      (original, given) => {
        try {
          return passRejection(Reflect.apply(original, raw, given), fail)
        } catch (thrown) {
          fail(thrown)
          return result
        }
      }
    interceptWrites(raw, { write: pass(false), end: pass(raw) })
  })
}
