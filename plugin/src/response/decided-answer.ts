import type { FastifyReply } from 'fastify'
import { rangeRequestOf } from '../request/request-fields.ts'
import { type Decision, decide, type RangeRequest } from '../rules/decision.ts'
import { isMultipart } from '../rules/media-type.ts'
import { isConditional, type Wanted, wantedAfter, wantedBy } from '../rules/wanted.ts'
import type { KnownVersion } from '../sources/source.ts'
import { contentTypeOf } from './content-type.ts'
import type { ResponseContext } from './response-fields.ts'
import {
  type HandlerFields,
  type SelectionSettings,
  selectedRepresentation,
} from './selected-representation.ts'

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
export function withContentType(context: ResponseContext, contentType: string): ResponseContext {
  const { settings } = context
  return typeof settings.contentType === 'function'
    ? { ...context, settings: { ...settings, contentType } }
    : context
}

/** The settings that say what an answer is going to read. */
export interface ForesightSettings extends SelectionSettings {
  readonly maxRanges: number
}

/**
 * What an answer is going to read, before anything is opened. It does not refer to the reply: a source may keep it for
 * ever.
 */
export class Foresight {
  readonly wanted: Wanted
  readonly #request: RangeRequest
  readonly #settings: ForesightSettings
  readonly #handlerFields: HandlerFields

  constructor(reply: FastifyReply, { acceptRanges, etag, lastModified, maxRanges }: ForesightSettings) {
    const request = rangeRequestOf(reply.request)
    this.#request = reply.statusCode === OK ? request : { ...request, range: undefined, conditions: {} }
    this.#settings = { acceptRanges, etag, lastModified, maxRanges }
    this.#handlerFields = {
      etag: reply.getHeader('etag'),
      'last-modified': reply.getHeader('last-modified'),
    }
    this.wanted = wantedBy(this.#request, this.#settings)
  }

  /** As a source gets it: see `OpenContext`. */
  readonly wantedOf = (version: KnownVersion): Wanted | undefined => {
    const fields = this.#handlerFields
    if (isConditional(this.#request) && !hasValidator(version, fields)) return undefined
    const opened = { representation: version, dates: 'as given' } as const
    const selected = selectedRepresentation(opened, this.#settings, fields)
    const { maxRanges } = this.#settings
    const decision = decide(this.#request, selected, { maxRanges, partType: () => undefined })
    return wantedAfter(this.#request.method, decision)
  }
}

function hasValidator({ etag, lastModified }: KnownVersion, fields: HandlerFields): boolean {
  if (etag !== undefined || lastModified !== undefined) return true
  return fields['etag'] !== undefined || fields['last-modified'] !== undefined
}

function decideFor(reply: FastifyReply, context: ResponseContext, maxRanges: number): Decision {
  // RFC 9110 §13.2.1 and §14.2: conditions and ranges are for what would otherwise be a 200.
  if (reply.statusCode !== OK) return { kind: 'full' }
  return decide(rangeRequestOf(reply.request), context.selected, {
    maxRanges,
    partType: () => contentTypeOf(context),
  })
}
