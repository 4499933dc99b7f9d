import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut, isOver } from '../connection/response-lifetime.ts'
import { SendRangeError } from '../errors.ts'
import { asError } from '../foreign-failure.ts'
import { guardErrorBody } from '../guards/body-guard.ts'
import { guardFraming, guardHead } from '../guards/head-guard.ts'
import { forgetIntended } from '../guards/intended-answer.ts'
import { writeLogLine } from '../log-line.ts'
import { resetStatus } from './handler-status.ts'
import { addFields } from './removable-fields.ts'
import { ReplyClaim, sendError } from './reply-claim.ts'
import { clearRepresentationFields } from './response-fields.ts'

/**
 * Passes a failure to Fastify's error handling if an answer is still possible. Never throws: nothing would catch it. If a
 * wrapper of the reply or of the response throws here too, the answer is cut.
 */
export function fail(reply: FastifyReply, claim: ReplyClaim, thrown: unknown): void {
  const error = asError(thrown)
  try {
    passOn(reply, claim, error)
  } catch {
    const message = 'range response cut, since its failure could not be answered'
    writeLogLine(reply.log, { level: 'error', details: { err: error }, message })
    cut(reply.raw)
  }
}

function passOn(reply: FastifyReply, claim: ReplyClaim, error: Error): void {
  const log = (level: 'debug' | 'warn', message: string): void =>
    writeLogLine(reply.log, { level, details: { err: error }, message })
  if (claim.isLost) {
    log('warn', 'range response given up, since something else has answered')
    claim.cutAbandoned()
    return
  }
  // The client has left, and most sources fail then. There is no fault to report.
  if (isOver(reply)) {
    log('debug', 'range response given up')
    return
  }
  // A wrapper of the response may throw after the head was sent. There is no second answer.
  if (isHeadSent(reply.raw)) {
    log('warn', 'range response failed after its head was sent')
    cut(reply.raw)
    return
  }
  clearRepresentationFields(reply)
  // Fastify sets the fields of an error only if the application has no error handler.
  if (error instanceof SendRangeError && error.headers !== undefined) addFields(reply, error.headers, error)
  resetStatus(reply)
  ReplyClaim.release(reply)
  guardError(reply, error)
  guardErrorBody(reply)
  sendError(reply, error)
}

/** The answer is no longer about the content. Only the Content-Range of a 416 is ours. */
function guardError(reply: FastifyReply, error: Error): void {
  forgetIntended(reply.raw)
  const contentRange = error instanceof SendRangeError ? error.headers?.['content-range'] : undefined
  if (contentRange === undefined) guardFraming(reply)
  else guardHead(reply, { status: 416, contentRange })
}
