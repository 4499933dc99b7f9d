import type { FastifyReply } from 'fastify'
import { SendRangeError } from '../errors.ts'
import { endsWithHead } from '../rules/connection-fields.ts'

const OK = 200
const RESET_CONTENT = 205
const PARTIAL_CONTENT = 206

/**
 * Accepts the status that the handler has set if a whole representation can be sent with it.
 *
 * 206 becomes 200: the handler wants ranges to be served, and the request decides whether there are any. RFC 9110
 * §15.3.7.1: "If a single part is being transferred, the server generating the 206 response MUST generate a
 * Content-Range header field".
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for a status that has no content
 */
export function acceptHandlerStatus(reply: FastifyReply): void {
  const { statusCode } = reply
  if (statusCode === PARTIAL_CONTENT) reply.code(OK)
  else if (!hasContent(statusCode))
    throw new SendRangeError('ERR_RANGE_OPTION', `An answer with the status ${statusCode} has no content`)
}

/** The status that the handler wants for a whole representation. 206 is one for its parts: see {@link acceptHandlerStatus}. */
export function wantedStatus({ statusCode }: Pick<FastifyReply, 'statusCode'>): number {
  return statusCode === PARTIAL_CONTENT ? OK : statusCode
}

/** Makes 200 of a status without content and of 206, because something else is going to answer. */
export function resetStatus(reply: FastifyReply): void {
  if (reply.statusCode === PARTIAL_CONTENT || !hasContent(reply.statusCode)) reply.code(OK)
}

/**
 * §15.2: "A 1xx response is terminated by the end of the header section". §15.3.6: "a server MUST NOT generate content
 * in a 205 response". 204 and 304 end with their heads too.
 */
function hasContent(status: number): boolean {
  return status >= OK && status !== RESET_CONTENT && !endsWithHead(status)
}
