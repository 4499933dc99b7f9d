import type { FastifyReply } from 'fastify'
import { asError } from '../foreign-failure.ts'
import { guardErrorBody } from '../guards/body-guard.ts'
import { guardFraming } from '../guards/head-guard.ts'
import { ReplyClaim, sendError } from './reply-claim.ts'
import { clearRepresentationFields } from './response-fields.ts'

/**
 * RFC 9110 §15.4.3: "Since the redirection might be altered on occasion, the client ought to continue to use the target
 * URI for future requests." A folder may become a file.
 */
const FOUND = 302

/**
 * Sends the client of a folder to the URL with a slash at its end.
 *
 * @throws SendRangeError `ERR_RANGE_ALREADY_SENT` if something else has answered
 */
export function redirectToFolder(reply: FastifyReply, claim: ReplyClaim, location: string): void {
  claim.assertHeld()
  clearRepresentationFields(reply)
  guardFraming(reply)
  guardErrorBody(reply)
  ReplyClaim.release(reply)
  try {
    reply.redirect(location, FOUND)
  } catch (thrown) {
    // The reply is free, so nothing else would answer.
    sendError(reply, asError(thrown))
  }
}
