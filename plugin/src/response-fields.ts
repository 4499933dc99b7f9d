import type { FastifyReply } from 'fastify'
import { attachment } from './content-disposition.ts'
import type { Selected } from './decision.ts'
import { formatEntityTag } from './entity-tag.ts'
import { formatHttpDate } from './http-date.ts'
import { mediaTypeOf } from './media-type.ts'
import type { Settings } from './options.ts'
import type { Representation } from './source.ts'

/** Fields that describe the representation; an answer that does not carry it must not carry them (RFC 9110 §15.4.5). */
const REPRESENTATION_FIELDS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'last-modified',
]
/** What an error must not inherit on top: it is not the file, and must not be stored as if it were. */
const CACHING_FIELDS = ['etag', 'cache-control', 'expires']

/** What a response is about. */
export interface Subject {
  readonly path: string
  readonly representation: Representation
  readonly selected: Selected
  readonly settings: Settings
}

/** The Content-Type of the representation itself; a handler's own wins. */
export function contentTypeOf(reply: FastifyReply, { path, representation, settings }: Subject): string {
  const set = reply.getHeader('content-type')
  if (set !== undefined) return String(set)
  const { contentType } = settings
  const chosen = typeof contentType === 'function' ? contentType(path) : contentType
  return chosen ?? representation.contentType ?? mediaTypeOf(path)
}

/** The fields of 200 and 206 that do not depend on the range. What the handler has set stays. */
export function setRepresentationFields(reply: FastifyReply, subject: Subject): void {
  const { path, selected, settings } = subject
  setDefault(reply, 'accept-ranges', selected.acceptRanges)
  setValidators(reply, selected)
  if (settings.cacheControl !== undefined) setDefault(reply, 'cache-control', settings.cacheControl)
  if (settings.download !== false)
    setDefault(reply, 'content-disposition', attachment(settings.download, path))
  for (const [name, value] of Object.entries(settings.headers)) setDefault(reply, name, value)
}

/**
 * The fields of 304. RFC 9110 §15.4.5: Content-Location, Date, ETag, Vary, Cache-Control and Expires as a 200 would
 * have them, and Last-Modified only where there is no ETag.
 *
 * @param matched the strength of the tag that the client named
 */
export function setNotModifiedFields(
  reply: FastifyReply,
  { selected, settings }: Subject,
  matched: 'strong' | 'weak',
): void {
  removeFields(reply, REPRESENTATION_FIELDS)
  const { etag } = selected
  if (etag === undefined) setValidators(reply, selected)
  else reply.header('etag', formatEntityTag(matched === 'weak' ? { ...etag, strength: 'weak' } : etag))
  if (settings.cacheControl !== undefined) setDefault(reply, 'cache-control', settings.cacheControl)
  for (const name of ['vary', 'content-location', 'expires']) {
    const value = ownField(settings.headers, name)
    if (value !== undefined) setDefault(reply, name, value)
  }
}

function ownField(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** Takes everything off the reply that speaks of the representation, also what was flushed to Node already. */
export function clearRepresentationFields(reply: FastifyReply): void {
  removeFields(reply, REPRESENTATION_FIELDS)
  removeFields(reply, CACHING_FIELDS)
}

function removeFields(reply: FastifyReply, names: readonly string[]): void {
  for (const name of names) {
    reply.removeHeader(name)
    if (!reply.raw.headersSent) reply.raw.removeHeader(name)
  }
}

function setValidators(reply: FastifyReply, { etag, lastModified }: Selected): void {
  if (etag !== undefined) setDefault(reply, 'etag', formatEntityTag(etag))
  const date = lastModified === undefined ? undefined : formatHttpDate(lastModified)
  if (date !== undefined) setDefault(reply, 'last-modified', date)
}

function setDefault(reply: FastifyReply, name: string, value: string): void {
  if (!reply.hasHeader(name)) reply.header(name, value)
}

/**
 * Behind a hook that compresses, what goes out is another representation than the one our strong tag names. Where
 * that happened, the tag becomes weak (RFC 9110 §8.8.3.3) and Accept-Ranges goes: the ranges are of other bytes. It
 * can only be seen when the head is written, since hooks run in any order.
 */
export function weakenWhenEncoded(reply: FastifyReply): void {
  const { raw } = reply
  const writeHead = raw.writeHead as (status: number, fields?: Record<string, unknown>) => typeof raw
  const guarded = (status: number, fields?: Record<string, unknown>): typeof raw => {
    const encoding = fields?.['content-encoding'] ?? raw.getHeader('content-encoding')
    if (encoding !== undefined && encoding !== 'identity') {
      const etag = fields?.['etag'] ?? raw.getHeader('etag')
      if (typeof etag === 'string' && etag.startsWith('"')) replaceField(raw, fields, ['etag', `W/${etag}`])
      replaceField(raw, fields, ['accept-ranges', undefined])
    }
    return writeHead.call(raw, status, fields)
  }
  raw.writeHead = guarded as typeof raw.writeHead
}

function replaceField(
  raw: FastifyReply['raw'],
  fields: Record<string, unknown> | undefined,
  [name, value]: readonly [string, string | undefined],
): void {
  if (fields !== undefined) delete fields[name]
  if (value === undefined) raw.removeHeader(name)
  else raw.setHeader(name, value)
}
