import type { FastifyReply } from 'fastify'
import { answerBody } from './answer-body.ts'
import type { BodyReaders } from './body.ts'
import type { IntendedBody } from './body-count.ts'
import { guardBody } from './body-guard.ts'
import type { Chunk } from './chunk-pool.ts'
import { contentTypeOf } from './content-type.ts'
import type { Decision } from './decision.ts'
import { SendRangeError } from './errors.ts'
import type { Progress } from './events.ts'
import { settleStatus } from './handler-status.ts'
import { guardHead } from './head-guard.ts'
import { isHeadSent } from './head-sent.ts'
import { guardHttp2End } from './http2-end.ts'
import { expectOwnBody, forgetIntended, intendedContent } from './intended-answer.ts'
import { SMALL_CHUNK_BYTES } from './memory-bounds.ts'
import { contentRange, type Layout, layOutRange, Multipart } from './multipart.ts'
import { isNativeResponse, watchSystemWrites } from './native-response.ts'
import { openSource } from './opened-source.ts'
import type { Settings } from './options.ts'
import { type OwnBytes, ownBytes, ownCopy } from './own-bytes.ts'
import { PieceReader } from './piece-reader.ts'
import { smallChunks } from './pump.ts'
import type { ByteRange } from './range-set.ts'
import { ReplyClaim } from './reply-claim.ts'
import {
  clearRepresentationFields,
  codingOfRepresentation,
  type Subject,
  setRepresentationFields,
} from './response-fields.ts'
import { cut, whenOver } from './response-lifetime.ts'
import { isSendWrapped } from './send-guard.ts'
import { sendNothing } from './send-nothing.ts'
import { isPositional, type PositionalRepresentation, type Representation } from './source.ts'
import { guardAgainstStall } from './stall-guard.ts'

/** The longest answer, in bytes, that is read at once and sent as one Buffer. */
const LONGEST_AT_ONCE = SMALL_CHUNK_BYTES
/** What is shorter comes cheaply from Node's own pool. */
const SHORTEST_LENT = 4 * 1024

/** The decisions after which bytes of the representation are sent. */
export type ContentDecision = Extract<Decision, { kind: 'full' | 'partial' | 'multipart' }>

/** What is to be sent, and how to close it. */
export interface Content {
  readonly claim: ReplyClaim
  readonly subject: Subject
  readonly decision: ContentDecision
  readonly settings: Pick<Settings, 'source' | 'stallTimeout'>
  /** Closes the representation; more than one call does no harm. */
  readonly close: () => Promise<void>
  readonly progress: Progress
  /** Whether a hook of the application is given the payload, and may keep it. */
  readonly isPayloadSeen: boolean
  /** Aborted when nobody wants the bytes any more. */
  readonly signal: AbortSignal
}

/**
 * Sends a 200 or a 206. Throws only while nothing has been sent.
 *
 * @throws SendRangeError `ERR_RANGE_CHANGED` when the representation changed while it was read for a Buffer
 */
export async function sendContent(reply: FastifyReply, content: Content): Promise<void> {
  const { claim, subject, decision, close, progress } = content
  const { representation, selected } = subject
  const laidOut = layOut(subject, decision)
  const { layout } = laidOut
  const { length } = layout
  if (decision.kind !== 'full') progress.ranges = rangesOf(layout)
  if (reply.request.method === 'HEAD' || length === 0) {
    await close()
    setContentFields(reply, laidOut, content)
    if (reply.request.method !== 'HEAD') guardEmpty(reply)
    sendNothing(reply, claim)
    return
  }
  // One write with the head, and no stream. But without a tag of ours a hook may make one from a Buffer, and that would
  // name the part instead of the whole.
  if (isPositional(representation) && length <= LONGEST_AT_ONCE && selected.etag !== undefined)
    await sendAtOnce(reply, { representation, laidOut }, content)
  else sendBody(reply, laidOut, content)
}

/**
 * The ranges of a 206, when they are asked for. Holds the layout and not the decision, which has hundreds of objects for
 * hundreds of ranges: a client that does not read keeps this for a long time.
 */
function rangesOf(layout: Layout): () => readonly ByteRange[] {
  if (layout instanceof Multipart) return () => layout.ranges
  const piece = layout.piece(0)
  return () => (piece.kind === 'range' ? [piece.range] : [])
}

interface LaidOut {
  readonly layout: Layout
  /** Of the representation; a multipart body has one of its own. */
  readonly contentType: string
}

function layOut(subject: Subject, decision: ContentDecision): LaidOut {
  const { size } = subject.selected
  const contentType = contentTypeOf(subject)
  if (decision.kind === 'full') return { layout: layOutRange({ first: 0, last: size - 1 }), contentType }
  if (decision.kind === 'partial') return { layout: layOutRange(decision.range), contentType }
  const layout = new Multipart(decision.ranges, { size, partType: contentType })
  return { layout, contentType: layout.contentType }
}

/**
 * Sets status and fields of 200 and 206. Nothing may be awaited between this and the sending: what the application
 * sends itself must not go out under our fields.
 */
function setContentFields(reply: FastifyReply, { layout, contentType }: LaidOut, content: Content): void {
  const { claim, subject, decision } = content
  claim.assertHeld()
  // The application may have set one while the file was read.
  if (decision.kind === 'full') settleStatus(reply)
  setRepresentationFields(reply, subject)
  // Not §15.3.7, "SHOULD NOT generate other representation header fields" in answer to If-Range: because clients that
  // begin a file again from such an answer would miss its type and date.
  reply.header('content-type', contentType)
  reply.header('content-length', String(layout.length))
  if (decision.kind !== 'full') reply.code(206)
  if (decision.kind === 'partial') {
    reply.header('content-range', contentRange(decision.range, subject.selected.size))
  }
  guardHead(reply, intendedContent(reply, layout.length, codingOfRepresentation(subject)))
}

interface ShortBody {
  readonly representation: PositionalRepresentation
  readonly laidOut: LaidOut
}

async function sendAtOnce(reply: FastifyReply, body: ShortBody, content: Content): Promise<void> {
  const { representation, laidOut } = body
  const { layout } = laidOut
  const [piece] = layout.pieceCount === 1 ? [layout.piece(0)] : []
  const range = piece?.kind === 'range' ? piece.range : undefined
  const cached = range === undefined ? undefined : representation.atHand?.(range)
  if (cached !== undefined) {
    await content.close()
    setContentFields(reply, laidOut, content)
    sendBuffer(reply, ownCopy(cached), content)
    return
  }
  const chunk = borrowFor(reply, layout.length, content)
  const bytes = chunk === undefined ? ownBytes(layout.length) : lentBytes(chunk, layout.length)
  try {
    await new PieceReader(representation, layout, content.signal).fill(bytes)
    if (range !== undefined) representation.keepAtHand?.(range, bytes)
    await content.close()
    setContentFields(reply, laidOut, content)
  } catch (error) {
    // A read of a source may have been given up, and still be going on.
    chunk?.writeOff()
    throw error
  }
  if (chunk !== undefined) endLoanAfter(reply, chunk, bytes.length)
  sendBuffer(reply, bytes, content)
}

/** Memory that is used again, where nothing but Node gets to see the payload. What is short comes cheaply without. */
function borrowFor(reply: FastifyReply, length: number, content: Content): Chunk | undefined {
  if (length < SHORTEST_LENT || readersOf(reply, content) === 'anybody') return undefined
  return isNativeResponse(reply.raw) ? smallChunks.take() : undefined
}

/** The memory is this answer's until the loan ends, which leaves every view of it empty. */
function lentBytes({ bytes }: Chunk, length: number): OwnBytes {
  return bytes.subarray(0, length) as OwnBytes
}

/** `finish` comes from the report of the last write. */
function endLoanAfter(reply: FastifyReply, chunk: Chunk, length: number): void {
  const isWithSystem = watchSystemWrites(reply.raw)
  reply.raw.once('finish', () => {
    if (isWithSystem(length)) chunk.giveBack()
  })
  whenOver(reply, () => setImmediate(() => chunk.writeOff()))
}

/** A hook, a handler for what is not found, and a wrapper of `send` are given the payload and may keep it. */
function readersOf(reply: FastifyReply, { isPayloadSeen }: Content): BodyReaders {
  const isSeen = isPayloadSeen || reply.request.is404 || isSendWrapped(reply)
  return isSeen ? 'anybody' : 'response only'
}

function sendBuffer(reply: FastifyReply, bytes: OwnBytes, content: Content): void {
  const { claim, settings, progress } = content
  const body = intendedBody(reply, bytes, content)
  if (readersOf(reply, content) === 'anybody') guardBody(reply, body)
  else expectOwnBody(reply.raw)
  progress.bytesSent = (outcome) => (outcome === 'served' ? bytes.length : 0)
  guardHttp2End(reply, { ...body, isSpent: () => true })
  claim.send(bytes)
  guardAgainstStall(reply, settings.stallTimeout, () => cut(reply.raw))
}

/** A hook may change the payload in place: a part is compared with a copy that no hook is given. */
function intendedBody(reply: FastifyReply, bytes: OwnBytes, content: Content): IntendedBody {
  const isCompared = content.decision.kind !== 'full' && readersOf(reply, content) === 'anybody'
  return isCompared ? { length: bytes.length, bytes: ownCopy(bytes) } : { length: bytes.length }
}

/** A hook may put a body in the place of none. */
function guardEmpty(reply: FastifyReply): void {
  guardBody(reply, { length: 0 })
  guardHttp2End(reply, { length: 0, isSpent: () => true })
}

function sendBody(reply: FastifyReply, laidOut: LaidOut, content: Content): void {
  const { claim, subject, settings, close, progress, signal } = content
  setContentFields(reply, laidOut, content)
  const { layout } = laidOut
  const { path, representation } = subject
  const readers = readersOf(reply, content)
  if (readers === 'anybody') guardBody(reply, { length: layout.length })
  const reopen = async (): Promise<Representation | undefined> =>
    settings.source && openSource(settings.source, path, { signal, log: reply.log })
  const body = answerBody(reply, { representation, layout, readers, close, reopen, signal, progress })
  // A body that fails before its first byte leaves the answer to the error handler.
  body.whenFailed(() => {
    if (isHeadSent(reply.raw)) return
    ReplyClaim.release(reply)
    clearRepresentationFields(reply)
    forgetIntended(reply.raw)
  })
  guardAgainstStall(reply, settings.stallTimeout, () => {
    body.destroy(new SendRangeError('ERR_RANGE_STALLED', 'The client stopped reading'))
    cut(reply.raw)
  })
  const isSpent = (): boolean => [0, layout.length].includes(progress.bytesSent('served'))
  guardHttp2End(reply, { length: layout.length, isSpent })
  claim.send(body)
}
