import type { FastifyReply } from 'fastify'
import { SendRangeError } from '../errors.ts'
import { guardHead } from '../guards/head-guard.ts'
import type { ContentDecision, Decision } from '../rules/decision.ts'
import type { ReplyClaim } from './reply-claim.ts'
import { type ResponseContext, setNotModifiedFields } from './response-fields.ts'
import { sendEmpty } from './send-empty.ts'

/** An answer without content of the representation. */
export interface ContentlessAnswer {
  readonly claim: ReplyClaim
  readonly context: ResponseContext
  readonly decision: Exclude<Decision, ContentDecision>
}

/**
 * Sends a 304.
 *
 * @throws SendRangeError `ERR_RANGE_PRECONDITION_FAILED` and `ERR_RANGE_NOT_SATISFIABLE` for 412 and 416
 */
export function sendWithoutContent(
  reply: FastifyReply,
  { claim, context, decision }: ContentlessAnswer,
): void {
  if (decision.kind === 'not-modified') {
    reply.code(304)
    setNotModifiedFields(reply, context, decision.matched)
    guardHead(reply, { status: 304 })
    sendEmpty(reply, claim)
    return
  }
  if (decision.kind === 'precondition-failed') {
    throw new SendRangeError('ERR_RANGE_PRECONDITION_FAILED', 'Precondition Failed')
  }
  // RFC 9110 §15.5.17: "A server that generates a 416 response to a byte-range request SHOULD generate a
  // Content-Range header field specifying the current length of the selected representation".
  throw new SendRangeError('ERR_RANGE_NOT_SATISFIABLE', 'Range Not Satisfiable', {
    headers: { 'content-range': `bytes */${context.selected.size}`, 'accept-ranges': 'bytes' },
  })
}
