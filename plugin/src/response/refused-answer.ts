import type { FastifyReply } from 'fastify'
import { guardErrorBody } from '../guards/body-guard.ts'
import { guardFraming } from '../guards/head-guard.ts'
import { isDebugging, shownPath, writeLogLine } from '../log-line.ts'
import { describeRefusal, type Refusal } from '../rules/refusal.ts'
import { refusalError } from '../sources/refused-path.ts'
import { ReplyClaim } from './reply-claim.ts'
import { clearRepresentationFields } from './response-fields.ts'

/** What is refused, and for whom. */
export interface RefusedCall {
  readonly claim: ReplyClaim
  /** As it was given to `sendRange`. */
  readonly path: string
  readonly refusal: Refusal
}

/**
 * Answers a path under which nothing is served: 404 through the not-found handler. The reason goes to the log, never to
 * the client.
 *
 * @throws SendRangeError `ERR_RANGE_PATH_INVALID`, `ERR_RANGE_PATH_FORBIDDEN`; `ERR_RANGE_ALREADY_SENT` when something
 * else has answered
 */
export function refuse(reply: FastifyReply, { claim, path, refusal }: RefusedCall): void {
  const { status, text } = describeRefusal(refusal)
  // What lies under a root that is not there is no fault of the request.
  const level = refusal === 'root-missing' ? 'warn' : 'debug'
  if (level === 'warn' || isDebugging(reply.log)) {
    const details = { sendRange: { outcome: 'refused', path: shownPath(path), status, reason: refusal } }
    writeLogLine(reply.log, { level, details, message: `range response refused: ${text}` })
  }
  claim.assertHeld()
  const error = refusalError(refusal)
  if (error !== undefined) throw error
  ReplyClaim.release(reply)
  clearRepresentationFields(reply)
  guardFraming(reply)
  guardErrorBody(reply)
  reply.callNotFound()
}
