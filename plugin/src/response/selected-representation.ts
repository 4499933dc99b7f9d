import { types } from 'node:util'
import { SendRangeError } from '../errors.ts'
import type { Selected } from '../rules/decision.ts'
import { type EntityTag, parseEntityTag } from '../rules/entity-tag.ts'
import { parseHttpDate } from '../rules/http-date.ts'
import type { KnownVersion } from '../sources/source.ts'

/** Fields that the handler has set on the reply, by their names in lower case. */
export type HandlerFields = Readonly<Record<string, unknown>>

/** The settings for the selected representation. */
export interface SelectionSettings {
  readonly acceptRanges: 'bytes' | 'none'
  /** `false`: the etag of the representation is not used. */
  readonly etag: unknown
  /** `false`: the date of the representation is not used. */
  readonly lastModified: 'mtime' | false
}

/** What was opened, or what is known of it before. */
export interface Opened {
  readonly representation: KnownVersion
  /** `weak`: another version may have the same date. */
  readonly dates: 'as given' | 'weak'
}

const MS_PER_SECOND = 1000

/**
 * What conditions and ranges are evaluated against. Validators that the handler has set replace those of the
 * representation.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` if the representation has metadata that cannot be sent
 */
export function selectedRepresentation(
  { representation, dates }: Opened,
  settings: SelectionSettings,
  handlerFields: HandlerFields,
): Selected {
  const { size } = representation
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new SendRangeError('ERR_RANGE_SOURCE', 'The size of a representation must be a whole number')
  }
  const now = Math.floor(Date.now() / MS_PER_SECOND)
  const lastModified = lastModifiedOf({ representation, settings, now }, handlerFields['last-modified'])
  const given = strengthOf(representation)
  const strength = given === 'strong' && dates === 'weak' ? 'weak' : given
  return {
    size,
    acceptRanges: acceptRangesOf(representation, settings),
    etag: etagOf(representation, settings, handlerFields['etag']),
    lastModified,
    // The handler knows how precise its own date is.
    lastModifiedStrength:
      handlerFields['last-modified'] === undefined ? strengthAt(lastModified, strength, now) : 'strong',
    now,
  }
}

function acceptRangesOf({ acceptRanges }: KnownVersion, settings: SelectionSettings): 'bytes' | 'none' {
  if (acceptRanges === undefined) return settings.acceptRanges
  if (acceptRanges === 'bytes' || acceptRanges === 'none') return acceptRanges
  throw new SendRangeError('ERR_RANGE_SOURCE', "The acceptRanges of a source must be 'bytes' or 'none'")
}

type DateStrength = 'strong' | 'weak' | 'open'

const STRENGTHS: ReadonlySet<unknown> = new Set<DateStrength>(['strong', 'weak', 'open'])

function strengthOf({ lastModifiedStrength = 'strong' }: KnownVersion): DateStrength {
  if (STRENGTHS.has(lastModifiedStrength)) return lastModifiedStrength
  const message = "The lastModifiedStrength of a source must be 'strong', 'weak' or 'open'"
  throw new SendRangeError('ERR_RANGE_SOURCE', message)
}

/** The strength of a date at `now`. Until its second is over, another version can get the same date. */
function strengthAt(date: number | undefined, strength: DateStrength, now: number): DateStrength {
  // RFC 9110 §8.8.2.1: "An origin server with a clock … MUST NOT generate a Last-Modified date that is later than the
  // server's time of message origination". A date in the future is left out, and not replaced by the time of now: two
  // versions of one second would get the same date. §8.8.2.1 asks only for a date that "can be reasonably and
  // consistently determined".
  return date !== undefined && date >= now ? 'open' : strength
}

function etagOf(
  representation: KnownVersion,
  settings: SelectionSettings,
  fromHandler: unknown,
): EntityTag | undefined {
  if (fromHandler !== undefined) return parseEntityTag(String(fromHandler))
  if (settings.etag === false || representation.etag === undefined) return undefined
  const given: unknown = representation.etag
  const tag = typeof given === 'string' ? parseEntityTag(given) : undefined
  if (tag === undefined) throw new SendRangeError('ERR_RANGE_SOURCE', 'The source returned an invalid etag')
  return tag
}

interface DateContext {
  readonly representation: KnownVersion
  readonly settings: SelectionSettings
  readonly now: number
}

function lastModifiedOf(
  { representation, settings, now }: DateContext,
  fromHandler: unknown,
): number | undefined {
  if (fromHandler !== undefined) return parseHttpDate(String(fromHandler), now)
  const date = representation.lastModified
  if (settings.lastModified === false || date === undefined) return undefined
  if (!types.isDate(date))
    throw new SendRangeError('ERR_RANGE_SOURCE', 'The lastModified of a source must be a Date')
  if (Number.isNaN(date.getTime())) return undefined
  return Math.floor(date.getTime() / MS_PER_SECOND)
}
