import type { FastifyReply } from 'fastify'
import { AnswerMemory, isTaken, LONGEST_AT_ONCE } from './answer-memory.ts'
import type { Decision } from './decision.ts'
import { SendRangeError } from './errors.ts'
import type { Progress } from './events.ts'
import { guardHead } from './head-guard.ts'
import { isHeadSent } from './head-sent.ts'
import { bodyLength, contentRange, layOutMultipart, type Piece } from './multipart.ts'
import { PieceReader } from './piece-reader.ts'
import { PositionalBody } from './positional-body.ts'
import {
  clearRepresentationFields,
  codingOfRepresentation,
  contentTypeOf,
  type Subject,
  setRepresentationFields,
} from './response-fields.ts'
import { cut, tieToResponse } from './response-lifetime.ts'
import { sendNothing } from './send-nothing.ts'
import { isPositional, type PositionalRepresentation } from './source.ts'
import { checkedAtHand } from './source-checks.ts'
import { guardAgainstStall } from './stall-guard.ts'
import { StreamedBody } from './streamed-body.ts'

/** The decisions after which bytes of the representation are sent. */
export type ContentDecision = Extract<Decision, { kind: 'full' | 'partial' | 'multipart' }>

/** What is to be sent, and how to let go of it. */
export interface Content {
  readonly subject: Subject
  readonly decision: ContentDecision
  /** Closes the representation; more than one call does no harm. */
  readonly close: () => Promise<void>
  readonly progress: Progress
  /** Whether a hook of the application is given the payload, and may keep it. */
  readonly isPayloadSeen: boolean
}

/**
 * Sends a 200 or a 206. Throws only while nothing has been sent.
 *
 * @throws SendRangeError `ERR_RANGE_CHANGED` when the representation changed while it was read for a Buffer
 */
export async function sendContent(reply: FastifyReply, content: Content): Promise<void> {
  const { subject, decision, close, progress } = content
  const { representation, selected } = subject
  const pieces = setContentFields(reply, subject, decision)
  const length = bodyLength(pieces)
  reply.header('content-length', String(length))
  if (decision.kind === 'partial') progress.ranges = [decision.range]
  if (decision.kind === 'multipart') progress.ranges = decision.ranges
  if (reply.request.method === 'HEAD' || length === 0) {
    await close()
    sendNothing(reply)
    return
  }
  // One write with the head, and no stream. But without a tag of ours a hook may make one from a Buffer, and that would
  // name the part instead of the whole.
  if (isPositional(representation) && length <= LONGEST_AT_ONCE && selected.etag !== undefined)
    await sendAtOnce(reply, { representation, pieces, length }, content)
  else sendBody(reply, pieces, content)
}

/** Sets status and fields of 200 and 206, and lays out the body. */
function setContentFields(
  reply: FastifyReply,
  subject: Subject,
  decision: ContentDecision,
): readonly Piece[] {
  const { size } = subject.selected
  const contentType = contentTypeOf(subject)
  setRepresentationFields(reply, subject)
  guardHead(reply, codingOfRepresentation(subject))
  if (decision.kind === 'full') {
    reply.header('content-type', contentType)
    return size === 0 ? [] : [{ kind: 'range', range: { first: 0, last: size - 1 } }]
  }
  reply.code(206)
  // Not §15.3.7, "SHOULD NOT generate other representation header fields" in answer to If-Range: because clients that
  // start a file anew from such an answer would miss its type and date.
  if (decision.kind === 'partial') {
    reply.header('content-type', contentType)
    reply.header('content-range', contentRange(decision.range, size))
    return [{ kind: 'range', range: decision.range }]
  }
  const multipart = layOutMultipart(decision.ranges, size, contentType)
  reply.header('content-type', multipart.contentType)
  return multipart.pieces
}

interface ShortBody {
  readonly representation: PositionalRepresentation
  readonly pieces: readonly Piece[]
  readonly length: number
}

async function sendAtOnce(reply: FastifyReply, body: ShortBody, content: Content): Promise<void> {
  const { representation, pieces, length } = body
  const [piece] = pieces
  const range = pieces.length === 1 && piece?.kind === 'range' ? piece.range : undefined
  const atHand = range === undefined ? undefined : checkedAtHand(representation.atHand?.(range), length)
  if (atHand !== undefined) {
    await content.close()
    sendBuffer(reply, atHand, content)
    return
  }
  const memory = new AnswerMemory(reply, length, content.isPayloadSeen)
  try {
    await new PieceReader(representation, pieces).fill(memory.bytes)
  } catch (error) {
    memory.giveBack()
    throw error
  }
  if (range !== undefined) representation.keepAtHand?.(range, memory.bytes)
  await content.close()
  sendBuffer(reply, memory.bytes, content)
  memory.giveBackAfter(reply)
}

function sendBuffer(reply: FastifyReply, bytes: Uint8Array, { subject, progress }: Content): void {
  progress.bytesSent = (outcome) => (outcome === 'served' ? bytes.length : 0)
  reply.send(bytes)
  if (isTaken(reply)) return
  guardAgainstStall(reply, subject.settings.stallTimeout, () => cut(reply.raw))
}

function sendBody(
  reply: FastifyReply,
  pieces: readonly Piece[],
  { subject, close, progress }: Content,
): void {
  const { representation, settings } = subject
  const body = isPositional(representation)
    ? new PositionalBody(new PieceReader(representation, pieces), close)
    : new StreamedBody(representation, pieces, close)
  progress.bytesSent = () => body.bytesSent
  // A body that fails before its first byte leaves the answer to the error handler.
  body.once('error', () => {
    if (!isHeadSent(reply.raw)) clearRepresentationFields(reply)
  })
  tieToResponse(reply, body)
  guardAgainstStall(reply, settings.stallTimeout, () => {
    body.destroy(new SendRangeError('ERR_RANGE_STALLED', 'The client stopped reading'))
    cut(reply.raw)
  })
  reply.send(body)
}
