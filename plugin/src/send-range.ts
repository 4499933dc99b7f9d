import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Body } from './body.ts'
import { type Decision, decide } from './decision.ts'
import { SendRangeError } from './errors.ts'
import { isObserved, observe } from './events.ts'
import { type FileStore, openRepresentation } from './file-source.ts'
import { contentRange, layOutMultipart, type Piece, pieceLength } from './multipart.ts'
import type { Settings } from './options.ts'
import { PieceReader } from './piece-reader.ts'
import { PositionalBody } from './positional-body.ts'
import type { ByteRange } from './range-set.ts'
import { rangeRequestOf } from './request-fields.ts'
import { isCanonicalTarget } from './request-spelling.ts'
import {
  clearRepresentationFields,
  contentTypeOf,
  restoreFields,
  type Subject,
  setNotModifiedFields,
  setRepresentationFields,
  weakenWhenEncoded,
} from './response-fields.ts'
import { cut, tieToResponse, whenOver } from './response-lifetime.ts'
import { selectedRepresentation } from './selected-representation.ts'
import { isPositional, type PositionalRepresentation, type Representation } from './source.ts'
import { guardAgainstStall } from './stall-guard.ts'
import { StreamedBody } from './streamed-body.ts'

/** A body up to this many bytes is read at once and sent as a Buffer: no stream, one write with the head. */
const BUFFERED_BYTES = 64 * 1024

/** How often a representation that changes while it is read for a Buffer is opened anew. */
const MAX_ATTEMPTS = 3

/** One call of `reply.sendRange`. */
export interface Call {
  readonly path: string
  readonly settings: Settings
  readonly store: FileStore
}

/** What is told of a response when it is over. */
interface Progress {
  readonly path: string
  ranges: readonly ByteRange[]
  body: Body | undefined
  bufferedBytes: number
}

/**
 * Opens what the path names, decides, and answers. Whatever was opened is closed on every way out; what goes wrong
 * goes to Fastify's error handling.
 */
export async function sendRange(reply: FastifyReply, call: Call): Promise<void> {
  const progress: Progress = { path: call.path, ranges: [], body: undefined, bufferedBytes: 0 }
  if (isObserved(reply)) {
    observe(reply, {
      path: call.path,
      ranges: () => progress.ranges,
      bytesSent: (outcome) => progress.body?.bytesSent ?? (outcome === 'served' ? progress.bufferedBytes : 0),
    })
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const answered = await answer(reply, call, progress)
      if (answered === 'answered') return
      if (attempt === MAX_ATTEMPTS) throw answered
    }
  } catch (error) {
    clearRepresentationFields(reply)
    reply.send(error)
  }
}

/** Returns the error instead of throwing it when opening anew may help and nothing has been sent. */
async function answer(
  reply: FastifyReply,
  call: Call,
  progress: Progress,
): Promise<'answered' | SendRangeError> {
  const { path, settings } = call
  const representation = await open(reply, call)
  if (representation === undefined) {
    clearRepresentationFields(reply)
    reply.callNotFound()
    return 'answered'
  }
  const close = once(() => representation.close())
  const set = reply.getHeaders()
  const { statusCode } = reply
  try {
    const selected = selectedRepresentation(representation, settings, set)
    const subject: Subject = { path, representation, selected, settings, set }
    const decision = decideFor(reply, subject)
    if (decision.kind === 'full' || decision.kind === 'partial' || decision.kind === 'multipart') {
      return await sendContent(reply, { subject, decision, close, progress })
    }
    await close()
    sendWithoutContent(reply, subject, decision)
    return 'answered'
  } catch (error) {
    await close()
    if (!(error instanceof SendRangeError) || error.code !== 'ERR_RANGE_CHANGED') throw error
    // The next version must not go out under the status and the validators of this one.
    restoreFields(reply, set)
    reply.code(statusCode)
    return error
  }
}

function open(reply: FastifyReply, { path, settings, store }: Call): Promise<Representation | undefined> {
  if (!isCanonicalTarget(reply.request.raw.url ?? '', settings.encodedSlashes))
    return Promise.resolve(undefined)
  if (settings.source === undefined) return openRepresentation(path, settings, store)
  const controller = new AbortController()
  whenOver(reply, () => controller.abort())
  return Promise.resolve(settings.source.open(path, { signal: controller.signal }))
}

function decideFor(reply: FastifyReply, { selected, settings }: Subject): Decision {
  // RFC 9110 §13.2.1 and §14.2: conditions and ranges are for what would otherwise be a 200.
  if (reply.statusCode !== 200) return { kind: 'full' }
  return decide(rangeRequestOf(reply.request), selected, settings.maxRanges)
}

type WithContent = Extract<Decision, { kind: 'full' | 'partial' | 'multipart' }>

interface Content {
  readonly subject: Subject
  readonly decision: WithContent
  readonly close: () => Promise<void>
  readonly progress: Progress
}

async function sendContent(reply: FastifyReply, content: Content): Promise<'answered'> {
  const { subject, decision, close, progress } = content
  const { representation, selected } = subject
  const { stallTimeout } = subject.settings
  const pieces = setContentFields(reply, subject, decision)
  const length = pieces.reduce((sum, piece) => sum + pieceLength(piece), 0)
  reply.header('content-length', String(length))
  progress.ranges =
    decision.kind === 'partial' ? [decision.range] : decision.kind === 'multipart' ? decision.ranges : []
  if (reply.request.method === 'HEAD' || length === 0) {
    await close()
    sendNothing(reply)
    return 'answered'
  }
  // Without a tag of ours a hook may make one from a Buffer, and that would name the part instead of the whole.
  if (isPositional(representation) && length <= BUFFERED_BYTES && selected.etag !== undefined) {
    const bytes = await readWhole(representation, pieces, length)
    await close()
    progress.bufferedBytes = length
    reply.send(bytes)
    // Most often the operating system has taken it all by now.
    if (!reply.raw.headersSent || reply.raw.writableLength > 0) {
      guardAgainstStall(reply, stallTimeout, () => cut(reply.raw))
    }
    return 'answered'
  }
  const body = isPositional(representation)
    ? new PositionalBody(new PieceReader(representation, pieces), close)
    : new StreamedBody(representation, pieces, close)
  progress.body = body
  // A body that fails before its first byte leaves the answer to the error handler.
  body.once('error', () => {
    if (!reply.raw.headersSent) clearRepresentationFields(reply)
  })
  tieToResponse(reply, body)
  guardAgainstStall(reply, stallTimeout, () => {
    body.destroy(new SendRangeError('ERR_RANGE_STALLED', 'The client stopped reading'))
    cut(reply.raw)
  })
  reply.send(body)
  return 'answered'
}

async function readWhole(
  representation: PositionalRepresentation,
  pieces: readonly Piece[],
  length: number,
): Promise<Uint8Array> {
  const [piece] = pieces
  if (pieces.length === 1 && piece?.kind === 'range') {
    const atHand = representation.atHand?.(piece.range)
    if (atHand !== undefined) return atHand
  }
  const bytes = Buffer.allocUnsafe(length)
  await new PieceReader(representation, pieces).fill(bytes)
  return bytes
}

/** Sets status and fields of 200 and 206, and lays out the body. */
function setContentFields(reply: FastifyReply, subject: Subject, decision: WithContent): readonly Piece[] {
  const { size } = subject.selected
  const contentType = contentTypeOf(subject)
  setRepresentationFields(reply, subject)
  if (decision.kind === 'full') {
    reply.header('content-type', contentType)
    const encodings = reply.request.headers['accept-encoding']
    if (encodings !== undefined && encodings !== 'identity') weakenWhenEncoded(reply)
    return size === 0 ? [] : [{ kind: 'range', range: { first: 0, last: size - 1 } }]
  }
  reply.code(206)
  if (decision.kind === 'partial') {
    reply.header('content-type', contentType)
    reply.header('content-range', contentRange(decision.range, size))
    return [{ kind: 'range', range: decision.range }]
  }
  const multipart = layOutMultipart(decision.ranges, size, contentType)
  reply.header('content-type', multipart.contentType)
  return multipart.pieces
}

type WithoutContent = Exclude<Decision, WithContent>

function sendWithoutContent(reply: FastifyReply, subject: Subject, decision: WithoutContent): void {
  if (decision.kind === 'not-modified') {
    reply.code(304)
    setNotModifiedFields(reply, subject, decision.matched)
    sendNothing(reply)
    return
  }
  if (decision.kind === 'precondition-failed') {
    throw new SendRangeError('ERR_RANGE_PRECONDITION_FAILED', 'Precondition Failed')
  }
  // RFC 9110 §15.5.17: 416 "SHOULD generate a Content-Range header field specifying the current length".
  throw new SendRangeError('ERR_RANGE_NOT_SATISFIABLE', 'Range Not Satisfiable', {
    headers: { 'content-range': `bytes */${subject.selected.size}`, 'accept-ranges': 'bytes' },
  })
}

/** Fastify writes a length of its own for an empty payload, but leaves ours alone for a stream. */
function sendNothing(reply: FastifyReply): void {
  reply.send(
    new Readable({
      read() {
        this.push(null)
      },
    }),
  )
}

function once(action: () => void | Promise<void>): () => Promise<void> {
  let done = false
  return async () => {
    if (done) return
    done = true
    await action()
  }
}
