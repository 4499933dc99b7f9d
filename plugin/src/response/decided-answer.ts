import type { FastifyReply } from 'fastify'
import { rangeRequestOf } from '../request/request-fields.ts'
import { type Decision, decide } from '../rules/decision.ts'
import { isMultipart } from '../rules/media-type.ts'
import { type RangeLimits, type Wanted, wantedBy } from '../rules/wanted.ts'
import { contentTypeOf } from './content-type.ts'
import type { ResponseContext } from './response-fields.ts'

const OK = 200

/** How a request is answered, and the context in which that was decided. */
export interface DecidedAnswer {
  readonly context: ResponseContext
  readonly decision: Decision
}

/**
 * Decides how to answer. A representation that is `multipart/byteranges` itself has no ranges: a client would take a
 * part of it for several parts.
 *
 * RFC 9110 §15.3.7.2: "a server MUST NOT generate a Content-Range header field in the HTTP header section of a multiple
 * part response".
 *
 * @throws SendRangeError what {@link contentTypeOf} throws
 */
export function decideAnswer(
  reply: FastifyReply,
  context: ResponseContext,
  maxRanges: number,
): DecidedAnswer {
  const decision = decideFor(reply, context, maxRanges)
  if (decision.kind === 'not-modified' || decision.kind === 'precondition-failed')
    return { context, decision }
  const contentType = contentTypeOf(context)
  const typed = withContentType(context, contentType)
  if (!isMultipart(contentType)) return { context: typed, decision }
  const whole: ResponseContext = { ...typed, selected: { ...context.selected, acceptRanges: 'none' } }
  return { context: whole, decision: decideFor(reply, whole, maxRanges) }
}

/** A function is called once only: it might return another type the next time. */
function withContentType(context: ResponseContext, contentType: string): ResponseContext {
  const { settings } = context
  return typeof settings.contentType === 'function'
    ? { ...context, settings: { ...settings, contentType } }
    : context
}

/** What the answer is going to read, before anything is opened. */
export function wantedFor(reply: FastifyReply, limits: RangeLimits): Wanted {
  const request = rangeRequestOf(reply.request)
  return wantedBy(
    reply.statusCode === OK ? request : { ...request, range: undefined, conditions: {} },
    limits,
  )
}

function decideFor(reply: FastifyReply, context: ResponseContext, maxRanges: number): Decision {
  // RFC 9110 §13.2.1 and §14.2: conditions and ranges are for what would otherwise be a 200.
  if (reply.statusCode !== OK) return { kind: 'full' }
  return decide(rangeRequestOf(reply.request), context.selected, {
    maxRanges,
    partType: () => contentTypeOf(context),
  })
}
