import type { FastifyReply } from 'fastify'
import { cut, isOver, type RawResponse } from '../connection/response-lifetime.ts'
import { writeLogLine } from '../log-line.ts'
import { isGivenUp } from './intended-answer.ts'
import { interceptWrites, type Write, type WriteArguments, withBytes } from './write-calls.ts'

const NOTHING = Buffer.alloc(0)

/** Said of an answer whose body a hook has kept for longer than `handlerTimeout`. */
export const LATE_BODY_MESSAGE =
  'a hook has returned the body of an answer of sendRange after the error of a time limit, and both were cut'

/** Cuts an answer if these bytes are written into it after another answer was sent in the place of theirs. */
export function guardLateBody(reply: FastifyReply, bytes: Uint8Array): void {
  const raw: RawResponse = reply.raw
  const pass = (original: Write, given: WriteArguments): unknown => {
    if (given[0] !== bytes || !isGivenUp(raw)) return Reflect.apply(original, raw, given)
    if (!isOver(reply)) writeLogLine(reply.log, { level: 'error', details: {}, message: LATE_BODY_MESSAGE })
    cut(raw)
    // The response of `inject` keeps what is written after it was cut.
    return Reflect.apply(original, raw, withBytes(NOTHING, given))
  }
  interceptWrites(raw, { write: pass, end: pass })
}
