import type { FastifyReply } from 'fastify'
import { answerBody } from './body/answer-body.ts'
import type { BodyReaders } from './body/body.ts'
import { readShortBody } from './body/buffered-body.ts'
import { digestAhead, digestOfBytes } from './body/content-digest.ts'
import { type BegunBody, readAhead } from './body/read-ahead.ts'
import { isHeadSent } from './connection/head-sent.ts'
import { guardHttp2End } from './connection/http2-end.ts'
import { cut } from './connection/response-lifetime.ts'
import { guardAgainstStall } from './connection/stall-guard.ts'
import { SendRangeError } from './errors.ts'
import type { Progress } from './events.ts'
import { watchForBegun } from './guards/begun-answer.ts'
import { guardBody, guardErrorBody } from './guards/body-guard.ts'
import { catchFailingWrites } from './guards/failing-writes.ts'
import { holdFirstBytes } from './guards/first-bytes.ts'
import { expectOwnBodyAtOnce, forgetIntended } from './guards/intended-answer.ts'
import { SMALL_CHUNK_BYTES } from './memory-bounds.ts'
import type { Settings } from './options.ts'
import { setContentFields } from './response/content-fields.ts'
import { contentTypeOf } from './response/content-type.ts'
import { contentAlgorithm, setContentDigest } from './response/digest-fields.ts'
import { ReplyClaim } from './response/reply-claim.ts'
import { clearRepresentationFields, type ResponseContext } from './response/response-fields.ts'
import { guardEmpty, sendEmpty } from './response/send-empty.ts'
import { isSendWrapped } from './response/send-guard.ts'
import type { IntendedBody } from './rules/body-length.ts'
import type { ContentDecision } from './rules/decision.ts'
import { type Layout, layOutRange, Multipart } from './rules/multipart.ts'
import type { ByteRange } from './rules/range-set.ts'
import { mayHaveSendHooks } from './send-hooks.ts'
import { isDigested } from './sources/digested.ts'
import { type FillableRepresentation, isFillable } from './sources/fillable.ts'
import { type OwnBytes, ownCopy } from './sources/own-bytes.ts'
import { isReopenable } from './sources/reopened-reads.ts'
import { isPositional, type PositionalRepresentation, type Representation } from './sources/source.ts'

/** The longest answer, in bytes, that is read at once and sent as one Buffer. */
const LONGEST_AT_ONCE = SMALL_CHUNK_BYTES
const NO_BYTES = new Uint8Array()
const isAlways = (): boolean => true

/** What is to be sent, and how to close it. */
export interface Content {
  readonly claim: ReplyClaim
  readonly context: ResponseContext
  readonly decision: ContentDecision
  readonly settings: Pick<Settings, 'stallTimeout' | 'digest'>
  /** Closes the representation. More calls have no effect. */
  readonly close: () => void
  readonly progress: Progress
  /** Aborted when the response is over. */
  readonly signal: AbortSignal
}

/**
 * Sends a 200 or a 206. Throws only while nothing has been sent.
 *
 * @throws SendRangeError `ERR_RANGE_CHANGED` when the representation changed before its first bytes were sent
 */
export function sendContent(reply: FastifyReply, content: Content): Promise<void> {
  const { context, decision, progress } = content
  const { representation, selected } = context
  const laidOut = layOut(context, decision)
  const { layout } = laidOut
  const { length } = layout
  if (decision.kind !== 'full') progress.ranges = rangesOf(layout)
  if (reply.request.method === 'HEAD' || length === 0) return sendNothing(reply, laidOut, content)
  // One write together with the head, and no stream. It needs our tag: without one, a hook may make a tag from the Buffer,
  // and that would identify the part instead of the whole.
  const isShort = length <= LONGEST_AT_ONCE && selected.etag !== undefined
  if (isShort && (isPositional(representation) || (isFillable(representation) && layout.pieceCount === 1)))
    return sendAtOnce(reply, { representation, laidOut }, content)
  return sendBody(reply, laidOut, content)
}

async function sendNothing(reply: FastifyReply, laidOut: LaidOut, content: Content): Promise<void> {
  const { claim, close } = content
  close()
  setFields(reply, laidOut, content)
  if (reply.request.method !== 'HEAD') {
    setDigestOf(reply, NO_BYTES, content)
    guardEmpty(reply)
  }
  sendEmpty(reply, claim)
}

/**
 * The ranges of a 206, for an event. This refers to the layout and not to the decision, which has hundreds of objects for
 * hundreds of ranges: a client that does not read keeps it in memory for a long time.
 */
function rangesOf(layout: Layout): () => readonly ByteRange[] {
  if (layout instanceof Multipart) return () => layout.ranges
  const piece = layout.piece(0)
  return () => (piece.kind === 'range' ? [piece.range] : [])
}

interface LaidOut {
  readonly layout: Layout
  /** That of the answer. A multipart body has another one than its parts. */
  readonly contentType: string
}

function layOut(context: ResponseContext, decision: ContentDecision): LaidOut {
  const { size } = context.selected
  const contentType = contentTypeOf(context)
  if (decision.kind === 'full') return { layout: layOutRange({ first: 0, last: size - 1 }), contentType }
  if (decision.kind === 'partial') return { layout: layOutRange(decision.range), contentType }
  const layout = new Multipart(decision.ranges, { size, partType: contentType })
  return { layout, contentType: layout.contentType }
}

interface ShortAnswer {
  readonly representation: PositionalRepresentation | FillableRepresentation
  readonly laidOut: LaidOut
}

async function sendAtOnce(reply: FastifyReply, answer: ShortAnswer, content: Content): Promise<void> {
  const { representation, laidOut } = answer
  const { layout } = laidOut
  const { signal, close } = content
  const readers = readersOf(reply)
  const body = await readShortBody(reply, { representation, layout, readers, signal })
  try {
    close()
    setFields(reply, laidOut, content)
    setDigestOf(reply, body.bytes, content)
  } catch (error) {
    body.discard()
    throw error
  }
  body.endWithResponse()
  sendBuffer(reply, body.bytes, content)
}

/** Sets the Content-Digest of bytes in memory, if it is wanted. */
function setDigestOf(reply: FastifyReply, bytes: Uint8Array, { settings }: Content): void {
  const algorithm = contentAlgorithm(reply.request, settings)
  if (algorithm !== undefined) setContentDigest(reply, digestOfBytes(bytes, algorithm))
}

function setFields(reply: FastifyReply, { layout, contentType }: LaidOut, content: Content): void {
  const { claim, context, decision } = content
  setContentFields(reply, { claim, context, decision, contentType, length: layout.length })
}

/** A hook, a not-found handler and a wrapper of `send` receive the payload and may keep it. */
function readersOf(reply: FastifyReply): BodyReaders {
  const isSeen = mayHaveSendHooks(reply) || reply.request.is404 || isSendWrapped(reply)
  return isSeen ? 'anybody' : 'response only'
}

function sendBuffer(reply: FastifyReply, bytes: OwnBytes, content: Content): void {
  const { claim, settings, progress } = content
  const body = intendedBody(reply, bytes, content)
  if (readersOf(reply) === 'anybody') {
    guardBody(reply, body)
    holdFirstBytes(reply)
    catchFailingWrites(reply)
  } else expectOwnBodyAtOnce(reply.raw)
  progress.bytesSent = (outcome) => (outcome === 'served' ? bytes.length : 0)
  guardHttp2End(reply, { isSpent: isAlways, ...body })
  claim.send(bytes)
  guardAgainstStall(reply, settings.stallTimeout, () => cut(reply.raw))
}

/** A hook may change the payload in place. So a part is compared with a copy that no hook receives. */
function intendedBody(reply: FastifyReply, bytes: OwnBytes, content: Content): IntendedBody {
  const isCompared = content.decision.kind !== 'full' && readersOf(reply) === 'anybody'
  return isCompared ? { length: bytes.length, bytes: ownCopy(bytes) } : { length: bytes.length }
}

async function sendBody(reply: FastifyReply, laidOut: LaidOut, content: Content): Promise<void> {
  const { claim, settings, close, progress } = content
  const { layout } = laidOut
  const digest = await contentDigest(reply, layout, content)
  const begun = await beginBody(reply, layout, content)
  try {
    setFields(reply, laidOut, content)
    setContentDigest(reply, digest)
  } catch (error) {
    await begun.discard()
    throw error
  }
  const readers = readersOf(reply)
  const isSpent = (): boolean => [0, layout.length].includes(progress.bytesSent('served'))
  if (readers === 'anybody') {
    guardBody(reply, { length: layout.length, isSpent })
    holdFirstBytes(reply)
    watchForBegun(reply)
  }
  const body = answerBody(reply, { begun, readers, close, progress })
  // If a body fails before its first byte, the error handler answers.
  body.whenFailed(() => {
    if (isHeadSent(reply.raw)) return
    ReplyClaim.release(reply)
    clearRepresentationFields(reply)
    forgetIntended(reply.raw)
    guardErrorBody(reply)
  })
  guardAgainstStall(reply, settings.stallTimeout, () => {
    body.destroy(new SendRangeError('ERR_RANGE_STALLED', 'The client stopped reading'))
    cut(reply.raw)
  })
  guardHttp2End(reply, { length: layout.length, isSpent })
  catchFailingWrites(reply)
  claim.send(body)
}

/** That of a long body is made before its head. Only files are read twice for it. */
async function contentDigest(
  reply: FastifyReply,
  layout: Layout,
  { context, settings }: Content,
): Promise<string | undefined> {
  const algorithm = contentAlgorithm(reply.request, settings)
  const { representation } = context
  if (algorithm === undefined || !isDigested(representation) || !isPositional(representation))
    return undefined
  return digestAhead({ representation, layout }, algorithm)
}

function beginBody(reply: FastifyReply, layout: Layout, content: Content): Promise<BegunBody> {
  const { context, signal } = content
  const { representation } = context
  const reopen = async (): Promise<Representation | undefined> =>
    isReopenable(representation) ? representation.reopen() : undefined
  return readAhead(reply, { representation, layout, readers: readersOf(reply), reopen, signal })
}
