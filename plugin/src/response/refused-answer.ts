import type { FastifyReply } from 'fastify'
import { guardErrorBody } from '../guards/body-guard.ts'
import { guardFraming } from '../guards/head-guard.ts'
import { isDebugging, shownPath, writeLogLine } from '../log-line.ts'
import { describeRefusal, type Refusal } from '../rules/refusal.ts'
import { refusalError } from '../sources/refused-path.ts'
import { answerNotFound, type NotFoundFunction } from './fall-through.ts'
import { ReplyClaim } from './reply-claim.ts'
import { clearRepresentationFields } from './response-fields.ts'

/** A call that is refused. */
export interface RefusedCall {
  readonly claim: ReplyClaim
  /** As it was given to `sendRange`. */
  readonly path: string
  readonly refusal: Refusal
  /** Undefined: the not-found handler answers. */
  readonly onNotFound: NotFoundFunction | undefined
}

/**
 * Answers a path that is not served: 404 through `onNotFound` or the not-found handler, 400 or 403. The reason goes to the log, and
 * never to the client.
 *
 * @throws SendRangeError `ERR_RANGE_PATH_INVALID`, `ERR_RANGE_PATH_FORBIDDEN`; `ERR_RANGE_ALREADY_SENT` if something
 * else has answered
 */
export function refuse(reply: FastifyReply, { claim, path, refusal, onNotFound }: RefusedCall): void {
  const { status, text } = describeRefusal(refusal)
  // A missing root is a fault of the server, not of the request.
  const level = refusal === 'root-missing' ? 'warn' : 'debug'
  if (level === 'warn' || isDebugging(reply.log)) {
    const details = { sendRange: { outcome: 'refused', path: shownPath(path), status, reason: refusal } }
    writeLogLine(reply.log, { level, details, message: `range response refused: ${text}` })
  }
  claim.assertHeld()
  const error = refusalError(refusal)
  if (error !== undefined) throw error
  clearRepresentationFields(reply)
  guardFraming(reply)
  guardErrorBody(reply)
  ReplyClaim.release(reply)
  answerNotFound(reply, onNotFound)
}
