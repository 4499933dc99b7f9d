import type { FastifyReply } from 'fastify'
import type { Selected } from './decision.ts'
import { type EntityTag, parseEntityTag } from './entity-tag.ts'
import { SendRangeError } from './errors.ts'
import { parseHttpDate } from './http-date.ts'
import type { Settings } from './options.ts'
import type { Representation } from './source.ts'

const MS_PER_SECOND = 1000

/**
 * What conditions and ranges are evaluated against. Validators that the handler has set on the reply win over those
 * of the representation.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` when the representation describes itself in a way that cannot be sent
 */
export function selectedRepresentation(
  reply: FastifyReply,
  representation: Representation,
  settings: Settings,
): Selected {
  const { size } = representation
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new SendRangeError(
      'ERR_RANGE_SOURCE',
      'The size of a representation must be a whole number of bytes',
    )
  }
  const now = Math.floor(Date.now() / MS_PER_SECOND)
  return {
    size,
    acceptRanges: representation.acceptRanges ?? settings.acceptRanges,
    etag: etagOf(reply, representation, settings),
    lastModified: lastModifiedOf(reply, { representation, settings, now }),
    now,
  }
}

function etagOf(
  reply: FastifyReply,
  representation: Representation,
  settings: Settings,
): EntityTag | undefined {
  const set = reply.getHeader('etag')
  if (set !== undefined) return parseEntityTag(String(set))
  if (settings.etag === false || representation.etag === undefined) return undefined
  const tag = parseEntityTag(representation.etag)
  if (tag === undefined)
    throw new SendRangeError('ERR_RANGE_SOURCE', 'The etag of a representation is no entity-tag')
  return tag
}

interface DateContext {
  readonly representation: Representation
  readonly settings: Settings
  readonly now: number
}

function lastModifiedOf(
  reply: FastifyReply,
  { representation, settings, now }: DateContext,
): number | undefined {
  const set = reply.getHeader('last-modified')
  if (set !== undefined) return parseHttpDate(String(set), now)
  const date = representation.lastModified
  if (settings.lastModified === false || date === undefined || Number.isNaN(date.getTime())) return undefined
  // RFC 9110 §8.8.2.1: "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the
  // server's time of message origination (Date)."
  return Math.min(Math.floor(date.getTime() / MS_PER_SECOND), now)
}
