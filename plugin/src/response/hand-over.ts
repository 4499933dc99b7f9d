import type { FastifyReply } from 'fastify'
import { guardHead } from '../guards/head-guard.ts'
import { writeLogLine } from '../log-line.ts'
import { codingOf } from '../rules/content-coding.ts'
import { HAND_OVER_FIELDS, type HandOver, type HandOverField, handOverField } from '../rules/hand-over.ts'
import { isMultipart } from '../rules/media-type.ts'
import { isLocalFile } from '../sources/local-file.ts'
import { contentTypeOf } from './content-type.ts'
import { withContentType } from './decided-answer.ts'
import { addFields } from './removable-fields.ts'
import type { ReplyClaim } from './reply-claim.ts'
import {
  codingOfRepresentation,
  type FieldSettings,
  type ResponseContext,
  removeFields,
  setRepresentationFields,
} from './response-fields.ts'
import { guardEmpty } from './send-empty.ts'

const OK = 200
/**
 * Fields about the bytes and the version that are sent. The server in front opens the file later, and sets its own. With
 * ours, bytes of one version could have the date or the digest of another.
 */
const OF_THE_FRONT = ['accept-ranges', 'content-length', 'content-range', 'last-modified', 'repr-digest']

/** The settings for answers that another server completes. */
export interface HandOverSettings extends FieldSettings {
  readonly handOver: HandOver | false
  readonly acceptRanges: 'bytes' | 'none'
  /** Absolute. */
  readonly root: string
}

/**
 * Removes fields by which a server in front would send a file that the plugin has not checked. A handler may have them
 * from another server, for example.
 */
export function removeForeignHandOver(reply: FastifyReply): void {
  const names = HAND_OVER_FIELDS.filter((name) => reply.hasHeader(name) || reply.raw.hasHeader(name))
  if (names.length === 0) return
  removeFields(reply, names)
  const message = 'fields that have the server in front send a file were removed from an answer of sendRange'
  writeLogLine(reply.log, { level: 'warn', details: { sendRange: { fields: names } }, message })
}

/** An answer that the server in front may be able to send. */
export interface HandOverCase {
  readonly claim: ReplyClaim
  readonly context: ResponseContext
  readonly settings: HandOverSettings
  /** Closes the representation. */
  readonly close: () => void
}

/**
 * Hands an answer over to the server in front, and returns whether it did. If that server could not find the file, or
 * would not send it as it is, the plugin must send it.
 *
 * @throws SendRangeError what {@link contentTypeOf} throws; `ERR_RANGE_ALREADY_SENT` if something else has answered
 */
export async function isHandedOver(reply: FastifyReply, handOver: HandOverCase): Promise<boolean> {
  const { claim, context, settings, close } = handOver
  if (!canFrontSend(reply, context, settings)) return false
  const field = await fieldFor(context, settings)
  if (field === undefined || !canFrontSend(reply, context, settings)) return false
  const contentType = contentTypeOf(context)
  // A client would take a part of it for several parts (RFC 9110 §15.3.7.2), and the server in front does not know that.
  if (isMultipart(contentType)) return false
  close()
  claim.assertHeld()
  send(reply, { claim, context: withContentType(context, contentType), field })
  return true
}

/**
 * Whether the server in front can send an answer: a file with the status 200, as it is stored, of which it may send
 * ranges. It knows neither the status nor the coding that a handler has set, nor files without ranges. And it would
 * continue by its date a download of another form of the file, which has the same one.
 */
function canFrontSend(reply: FastifyReply, context: ResponseContext, settings: HandOverSettings): boolean {
  const { method } = reply.request
  if ((method !== 'GET' && method !== 'HEAD') || reply.statusCode !== OK) return false
  if (context.isNegotiated || isTagMissing(context, settings)) return false
  if (settings.acceptRanges === 'none' || codingOf(codingOfRepresentation(context)) !== undefined)
    return false
  return !reply.hasHeader('transfer-encoding') && !hasTrailers(reply)
}

/** Whether the handler has set trailers, which go with a body of ours only. Fastify has a symbol for them. */
function hasTrailers(reply: FastifyReply): boolean {
  const trailers = Object.getOwnPropertySymbols(reply).find(
    (key) => key.description === 'fastify.reply.trailers',
  )
  return trailers !== undefined && (Reflect.get(reply, trailers) ?? null) !== null
}

/**
 * Whether a tag is missing for Apache. mod_xsendfile keeps the tag of our answer. Without one it makes `"0"` under Apache
 * 2.4: the same strong tag for every version of every file. nginx makes tags of its own in any case.
 */
function isTagMissing({ selected }: ResponseContext, { handOver }: HandOverSettings): boolean {
  return handOver !== false && handOver.header === 'X-Sendfile' && selected.etag === undefined
}

async function fieldFor(
  { representation }: ResponseContext,
  { handOver, root }: HandOverSettings,
): Promise<HandOverField | undefined> {
  if (handOver === false || !isLocalFile(representation)) return undefined
  const segments = await representation.segmentsBelow(root)
  return segments && handOverField(handOver, { root, segments })
}

interface HandedOver extends Pick<HandOverCase, 'claim' | 'context'> {
  readonly field: HandOverField
}

/**
 * Sends the head by which the server in front sends the file. That server evaluates conditions and ranges (RFC 9110 §13
 * and §14), also for HEAD: §9.3.2 asks for "the same header fields in response to a HEAD request as it would have sent
 * if the request method had been GET".
 */
function send(reply: FastifyReply, { claim, context, field }: HandedOver): void {
  setRepresentationFields(reply, context)
  removeFields(reply, OF_THE_FRONT)
  if (field.name === 'X-Accel-Redirect') removeFields(reply, ['etag'])
  reply.header('content-type', contentTypeOf(context))
  addFields(reply, { [field.name]: field.value })
  // Fastify sets no length for HEAD.
  const isHead = reply.request.method === 'HEAD'
  guardHead(reply, { status: OK, namedFile: field, ...(isHead ? {} : { length: 0 }) })
  if (!isHead) guardEmpty(reply)
  claim.send()
}
