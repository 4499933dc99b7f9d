import type { FastifyReply } from 'fastify'
import { guardHead } from '../guards/head-guard.ts'
import { intendedContent } from '../guards/intended-answer.ts'
import type { ContentDecision } from '../rules/decision.ts'
import { contentRange } from '../rules/multipart.ts'
import { acceptHandlerStatus } from './handler-status.ts'
import type { ReplyClaim } from './reply-claim.ts'
import { codingOfRepresentation, type ResponseContext, setRepresentationFields } from './response-fields.ts'

/** What the head of a 200 or a 206 is made from. */
export interface ContentHead {
  readonly claim: ReplyClaim
  readonly context: ResponseContext
  readonly decision: ContentDecision
  /** That of the answer. A multipart body has one of its own. */
  readonly contentType: string
  /** Bytes of the body. */
  readonly length: number
}

/**
 * Sets the status and fields of 200 and 206. Do not await anything between this and the sending: an answer of the
 * application must not go out with our fields.
 *
 * @throws SendRangeError `ERR_RANGE_ALREADY_SENT` if something else has answered
 */
export function setContentFields(reply: FastifyReply, head: ContentHead): void {
  const { claim, context, decision, contentType, length } = head
  claim.assertHeld()
  // The application may have set one while the file was read.
  if (decision.kind === 'full') acceptHandlerStatus(reply)
  setRepresentationFields(reply, context)
  // §15.3.7 asks for the opposite in answer to If-Range: "SHOULD NOT generate other representation header fields". But
  // a client that begins a file again from such an answer would miss its type and date.
  reply.header('content-type', contentType)
  reply.header('content-length', String(length))
  if (decision.kind !== 'full') reply.code(206)
  if (decision.kind === 'partial') {
    reply.header('content-range', contentRange(decision.range, context.selected.size))
  }
  guardHead(reply, intendedContent(reply, length, codingOfRepresentation(context)))
}
