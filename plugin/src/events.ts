import { channel } from 'node:diagnostics_channel'
import { Http2ServerResponse } from 'node:http2'
import { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BodyProgress } from './body/answer-body.ts'
import { hasEndedEarly } from './connection/http2-end.ts'
import { type RawResponse, whenOver } from './connection/response-lifetime.ts'
import { foreignFailure } from './foreign-failure.ts'
import { isDebugging, type LogLine, shownPath, shownRanges, writeLogLine } from './log-line.ts'
import type { ByteRange } from './rules/range-set.ts'

/** The names of the `node:diagnostics_channel` channels that {@link SendRangeEvent} messages go out on. */
export const CHANNELS: {
  /** A response of `sendRange` was handed to the operating system in full. */
  readonly served: string
  /** The connection ended before that: the client left or stalled, or the representation changed. */
  readonly aborted: string
} = {
  served: 'fastify-send-range:served',
  aborted: 'fastify-send-range:aborted',
}

/** One response of `sendRange`, published when it is over. */
export interface SendRangeEvent {
  /** The request that was answered. */
  readonly request: FastifyRequest
  /** The reply that `sendRange` was called on. Nothing can be sent on it any more. */
  readonly reply: FastifyReply
  /** Whether all of it was handed to the operating system. */
  readonly outcome: 'served' | 'aborted'
  /** As it was given to `sendRange`, in its last call if a handler of a 404 or an error called it again. */
  readonly path: string
  /** The status code that was sent. */
  readonly status: number
  /** The ranges of a 206, in the order they were sent; empty for any other status. */
  readonly ranges: readonly ByteRange[]
  /**
   * Bytes of the representation, with the part heads of a multipart, that were handed to the operating system. The text
   * of an error is not counted: 0.
   */
  readonly bytesSent: number
  /** Ms from the call of `sendRange` to the end of the response. */
  readonly durationMs: number
}

const PARTIAL_CONTENT = 206

const served = channel(CHANNELS.served)
const aborted = channel(CHANNELS.aborted)

/** The progress of a response. Read when it is over. */
export interface Progress extends BodyProgress {
  readonly path: string
  /** The ranges of a 206, made when they are needed. */
  ranges(): readonly ByteRange[]
}

/** The progress of a response before anything is sent. */
export function noProgress(path: string): Progress {
  return { path, ranges: () => [], bytesSent: () => 0 }
}

/** Is given the event of a response when it is over. What it returns is ignored; its failure is logged. */
export type EndListener = (event: SendRangeEvent) => unknown

/** What is reported when a response is over. */
interface Observation {
  /** Of the call that answers. */
  progress: Progress
  /** The `onEnd` of all calls on the reply. */
  readonly listeners: Set<EndListener>
}

const observations = new WeakMap<FastifyReply, Observation>()

/** Whether an event would have a subscriber or a log line. */
function isObserved(reply: FastifyReply): boolean {
  return served.hasSubscribers || aborted.hasSubscribers || isDebugging(reply.log)
}

/**
 * Publishes one event when the response is over, calls the listener, and logs it at debug level. After a second call of
 * `sendRange` on the reply, the event is about that one.
 */
export function observe(reply: FastifyReply, progress: Progress, onEnd: EndListener | undefined): void {
  const known = observations.get(reply)
  if (known !== undefined) {
    known.progress = progress
    if (onEnd !== undefined) known.listeners.add(onEnd)
  } else if (onEnd !== undefined || isObserved(reply)) {
    const observation = { progress, listeners: new Set(onEnd === undefined ? [] : [onEnd]) }
    observations.set(reply, observation)
    watch(reply, observation)
  }
}

function watch(reply: FastifyReply, observation: Observation): void {
  const { raw, request } = reply
  const startedAt = performance.now()
  // Read now: after its session has ended, an HTTP/2 stream has no socket.
  const isInjected = !(request.raw.socket instanceof Duplex)
  let finished = false
  raw.once('finish', () => {
    // Node also emits `finish` for an HTTP/2 stream that was reset, and itself ends one that was reset without an
    // error. The response of `inject` emits it while the object in the place of its socket still counts bytes as
    // waiting.
    finished = raw.writableEnded && (isInjected || (raw.writableFinished && !isCut(raw)))
  })
  whenOver(reply, () => {
    const outcome = finished && !hasEndedEarly(raw) ? 'served' : 'aborted'
    const { progress, listeners } = observation
    const event: SendRangeEvent = {
      request,
      reply,
      outcome,
      path: progress.path,
      status: reply.statusCode,
      // If a representation has changed, or failed before its first byte, the status is another one.
      ranges: reply.statusCode === PARTIAL_CONTENT ? progress.ranges() : [],
      bytesSent: progress.bytesSent(outcome),
      durationMs: performance.now() - startedAt,
    }
    if (isDebugging(reply.log)) writeLogLine(reply.log, lineOf(event))
    if (outcome === 'served') served.publish(event)
    else aborted.publish(event)
    for (const listener of listeners) void notify(listener, event)
  })
}

/** Whether a response that Node has finished was cut by `guards/finished-answer.ts`. */
function isCut(raw: RawResponse): boolean {
  return !(raw instanceof Http2ServerResponse) && raw.destroyed
}

/** A failure of the application must not end the process: nothing would catch it here. */
async function notify(listener: EndListener, event: SendRangeEvent): Promise<void> {
  try {
    await listener(event)
  } catch (thrown) {
    const err = foreignFailure('ERR_RANGE_OPTION', 'The onEnd function', thrown)
    writeLogLine(event.reply.log, { level: 'error', details: { err }, message: err.message })
  }
}

function lineOf(event: SendRangeEvent): LogLine {
  const { outcome, path, status, ranges, bytesSent, durationMs } = event
  const shown = { path: shownPath(path), ...shownRanges(ranges) }
  return {
    level: 'debug',
    details: { sendRange: { outcome, ...shown, status, bytesSent, durationMs } },
    message: `range response ${outcome}`,
  }
}
