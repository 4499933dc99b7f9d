import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { mayBeEncoded } from '../request/request-fields.ts'
import { attachment } from '../rules/content-disposition.ts'
import type { Selected } from '../rules/decision.ts'
import { formatEntityTag } from '../rules/entity-tag.ts'
import { formatHttpDate } from '../rules/http-date.ts'
import { withVary } from '../rules/vary.ts'
import type { RepresentationFields } from '../sources/representation-fields.ts'
import type { Representation } from '../sources/source.ts'
import type { HeadersSetting } from './made-headers.ts'
import { addFields, removeAddedFields } from './removable-fields.ts'
import type { HandlerFields } from './selected-representation.ts'

const RANGE_NOT_SATISFIABLE = 416
/** Fields that describe the representation. An answer without it must not have them (RFC 9110 §15.4.5). */
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
/** Fields that an error must not have either: caches must not store it as if it were the file. */
const CACHING_FIELDS = ['etag', 'cache-control', 'expires']
/** Fields that a 304 has if a 200 would have them (§15.4.5). It has Date too, and an ETag. */
const NOT_MODIFIED_FIELDS = ['cache-control', 'content-location', 'expires', 'vary']

/** The settings for the fields of a response. */
export interface FieldSettings {
  readonly cacheControl: string | undefined
  readonly contentType: string | ((path: string) => string | undefined) | undefined
  readonly headers: HeadersSetting
  readonly download: boolean | string
}

/** What the fields of a response follow from. */
export interface ResponseContext {
  readonly path: string
  readonly representation: Representation
  /** Whether it was chosen by the Accept-Encoding of the request. */
  readonly isNegotiated: boolean
  readonly selected: Selected
  /** Fields of the representation, from its source. Those of the application come first. */
  readonly sourceFields: RepresentationFields
  readonly settings: FieldSettings
  /** Those of the `headers` option, made for this answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Fields that the handler has set. They stay as they are. */
  readonly handlerFields: HandlerFields
  /** The Repr-Digest that the request has asked for, or that every answer has. */
  readonly reprDigest: string | undefined
}

/** Sets the fields of 200 and 206 that do not depend on the range. Fields that the handler has set stay. */
export function setRepresentationFields(reply: FastifyReply, context: ResponseContext): void {
  const { path, selected, settings, headers, handlerFields } = context
  const { cacheControl, download } = settings
  // RFC 9110 §15.3.7.2: "a server MUST NOT generate a Content-Range header field in the HTTP header section of a
  // multiple part response", and a 200 has none either. For a 206 with one part it is set afterwards. The page of a 416
  // has the Content-Range of the file that was asked for.
  if (reply.hasHeader('content-range') && reply.statusCode !== RANGE_NOT_SATISFIABLE)
    removeFields(reply, ['content-range'])
  if (handlerFields['accept-ranges'] === undefined) reply.header('accept-ranges', selected.acceptRanges)
  setEtag(reply, context)
  setLastModified(reply, context)
  if (cacheControl !== undefined && handlerFields['cache-control'] === undefined)
    reply.header('cache-control', cacheControl)
  if (download !== false && handlerFields['content-disposition'] === undefined) {
    reply.header('content-disposition', attachment(download, path))
  }
  for (const [name, value] of Object.entries(headers)) {
    if (handlerFields[name.toLowerCase()] === undefined) addFields(reply, { [name]: value })
  }
  addSourceFields(reply, context.sourceFields)
  setReprDigest(reply, context)
  if (context.isNegotiated) setVary(reply)
}

/**
 * The coding of the representation itself, as the handler, an option or the source says. Tag and ranges are of the coded
 * bytes.
 */
export function codingOfRepresentation({ handlerFields, headers, sourceFields }: ResponseContext): unknown {
  const name = 'content-encoding'
  return handlerFields[name] ?? ownField(headers, name) ?? sourceFields[name]
}

/** Adds fields of the source where the application has set none. Call this after the fields of the application are set. */
function addSourceFields(reply: FastifyReply, fields: RepresentationFields): void {
  const entries = Object.entries(fields)
  if (entries.length === 0) return
  // Expires of a store must not have caches keep what the application has restricted by a Cache-Control of its own.
  const isCachingSet = reply.hasHeader('cache-control')
  for (const [name, value] of entries) {
    if (reply.hasHeader(name) || (isCachingSet && name === 'expires')) continue
    addFields(reply, { [name]: value })
  }
}

/**
 * Sets the fields of 304. RFC 9110 §15.4.5: Content-Location, Date, ETag, Vary, Cache-Control and Expires as a 200
 * would have them, Last-Modified only without an ETag, and a Repr-Digest only if it is wanted.
 *
 * @param matched the strength of the tag that the client named
 */
export function setNotModifiedFields(
  reply: FastifyReply,
  context: ResponseContext,
  matched: 'strong' | 'weak',
): void {
  const { selected, settings, headers, handlerFields, sourceFields } = context
  removeFields(reply, REPRESENTATION_FIELDS)
  const { etag } = selected
  const weakened = matched === 'weak' && mayBeEncoded(reply.request)
  if (etag === undefined) setLastModified(reply, context)
  else reply.header('etag', formatEntityTag(weakened ? { ...etag, strength: 'weak' } : etag))
  if (settings.cacheControl !== undefined && handlerFields['cache-control'] === undefined) {
    reply.header('cache-control', settings.cacheControl)
  }
  for (const name of NOT_MODIFIED_FIELDS) {
    const value = ownField(headers, name)
    if (value !== undefined && handlerFields[name] === undefined) addFields(reply, { [name]: value })
  }
  const fields = Object.entries(sourceFields).filter(([name]) => NOT_MODIFIED_FIELDS.includes(name))
  addSourceFields(reply, Object.fromEntries(fields))
  // §15.4.5: "a sender SHOULD NOT generate representation metadata other than the above listed fields unless said metadata
  // exists for the purpose of guiding cache updates". A Repr-Digest that the client asks for does: the answer that it has
  // stored came before the file was hashed, or without the question. RFC 9111 §4.3.4: a strong tag says which stored
  // answers are updated. With a weak one, an answer that a hook has encoded may be updated, which has another digest.
  if (etag?.strength === 'strong' && !weakened) setReprDigest(reply, context)
  if (context.isNegotiated) setVary(reply)
}

/**
 * §12.5.5: "An origin server SHOULD generate a Vary header field on a cacheable response when it wishes that response to
 * be selectively reused for subsequent requests." Call this after every other field is set. The names in it that the
 * application has set stay.
 */
function setVary(reply: FastifyReply): void {
  reply.header('vary', withVary(reply.getHeader('vary'), 'Accept-Encoding'))
}

/** Fields by which the handler says which form of a thing its bytes are. */
const FORM_FIELDS = ['content-encoding', 'etag', 'last-modified']

/**
 * Whether the application has said which form it sends: the coding, or validators, which are of one form only. Then
 * there is no choice to make.
 */
export function isFormChosen(reply: FastifyReply, { headers }: Pick<FieldSettings, 'headers'>): boolean {
  return (
    FORM_FIELDS.some((name) => reply.hasHeader(name)) ||
    (typeof headers !== 'function' && ownField(headers, 'content-encoding') !== undefined)
  )
}

function setReprDigest(reply: FastifyReply, { reprDigest }: ResponseContext): void {
  if (reprDigest !== undefined && !reply.hasHeader('repr-digest'))
    addFields(reply, { 'repr-digest': reprDigest })
}

/** The value of a field among those of an option, whose names may have any case. */
export function ownField(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** Removes every field about the representation from the reply, also from Node's response. */
export function clearRepresentationFields(reply: FastifyReply): void {
  removeAddedFields(reply)
  removeFields(reply, REPRESENTATION_FIELDS)
  removeFields(reply, CACHING_FIELDS)
}

/** Restores the fields that the handler had set, and removes all others. */
export function restoreFields(reply: FastifyReply, handlerFields: HandlerFields): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (handlerFields[name] === undefined) reply.removeHeader(name)
    else if (handlerFields[name] !== value) reply.header(name, handlerFields[name])
  }
}

/** Removes fields from the reply, also from Node's response. */
export function removeFields(reply: FastifyReply, names: readonly string[]): void {
  for (const name of names) {
    reply.removeHeader(name)
    if (!isHeadSent(reply.raw)) reply.raw.removeHeader(name)
  }
}

function setEtag(reply: FastifyReply, { selected, handlerFields }: ResponseContext): void {
  if (selected.etag !== undefined && handlerFields['etag'] === undefined)
    reply.header('etag', formatEntityTag(selected.etag))
}

function setLastModified(reply: FastifyReply, { selected, handlerFields }: ResponseContext): void {
  const { lastModified, lastModifiedStrength } = selected
  if (lastModified === undefined || lastModifiedStrength === 'open') return
  reply.header('last-modified', handlerFields['last-modified'] ?? formatHttpDate(lastModified))
}
