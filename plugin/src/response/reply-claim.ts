import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { cut } from '../connection/response-lifetime.ts'
import { SendRangeError, systemCode } from '../errors.ts'
import { cutAbandoned, cutRefused } from '../guards/abandoned-answer.ts'
import { guardConnection } from '../guards/connection-guard.ts'
import { cutHeld } from '../guards/held-answer.ts'
import { forgetIntended } from '../guards/intended-answer.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { writeLogLine } from '../log-line.ts'
import { resetStatus, wantedStatus } from './handler-status.ts'
import { isRefusal, refusedCall } from './refused-call.ts'
import { removeFieldsOfOtherError } from './removable-fields.ts'
import { isInErrorHook, isLastError, isThrown } from './reply-flags.ts'
import { clearRepresentationFields } from './response-fields.ts'

/** Where a reply keeps its claim. */
export const SLOT: unique symbol = Symbol('fastify-send-range claim')

/** `reply.send`, of Fastify or of a wrapper. */
export type Send = (this: unknown, payload?: unknown) => FastifyReply
/**
 * Before the first call of `sendRange`: whether something was sent already. It is unknown if a `send` of the
 * application replaces the guard. After that call: its claim.
 */
type Slot = ReplyClaim | 'sent' | 'unknown' | null | undefined
/** A reply in a context with a guard on `send`. */
export type Claimed = Omit<FastifyReply, 'send'> & { send: Send; [SLOT]?: Slot }

/**
 * - `opening`: nothing of our answer is on the reply yet
 * - `sent`: our answer was passed to Fastify
 * - `overtaken`: the application has sent something else before
 * - `failing`: the error handler or the not-found handler has the reply
 * - `failed`: that handler has sent something
 */
type State = 'opening' | 'sent' | 'overtaken' | 'failing' | 'failed'

/** Errors of `handlerTimeout` that Fastify has sent. */
const timeLimits = new WeakSet<Error>()

function alreadySent(message: string, cause?: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_ALREADY_SENT', message, { cause })
}

/** Whether an answer was sent, or the reply was hijacked. */
function isAnswered(reply: FastifyReply): boolean {
  return reply.sent || isHeadSent(reply.raw)
}

/**
 * Which call of `sendRange` answers on a reply. Opening a file takes a while, and so may an `onSend` hook. What the
 * application sends in this time must not be mixed with our answer. Fastify knows of an answer only when its head was
 * sent.
 *
 * - Before our answer is passed to Fastify, any other answer is sent, and ours is given up: nothing of it is on the
 *   reply yet. A `send` without a payload is an answer only under a status that was set since the call, as by a redirect:
 *   Fastify calls it too if an async handler forgets to return the reply.
 * - After that nothing else is sent. If a hook still has it when Fastify's `handlerTimeout` is over, it is cut.
 * - If our answer fails before its head was sent, the reply is free again for the error handlers.
 */
export class ReplyClaim {
  readonly #reply: FastifyReply
  #state: State = 'opening'
  /** Whether calls of `reply.send` are seen. */
  readonly #isGuarded: boolean
  /** Whether the next call of `send` passes our own answer to Fastify. */
  #isHandedOver = false
  /** The status that the handler had set before the call. */
  readonly #statusBefore: number
  /** The status of our answer. */
  #status = 0

  private constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#statusBefore = wantedStatus(reply)
    this.#isGuarded = (reply as Claimed)[SLOT] !== 'unknown'
    ;(reply as Claimed)[SLOT] = this
  }

  /**
   * Claims a reply for one call. If the reply was answered already, that is reported in the log. If an earlier call has
   * not answered yet, both calls end with an error.
   *
   * @returns what the call returns, for a reply that was claimed or answered already
   */
  static take(reply: FastifyReply): ReplyClaim | FastifyReply {
    const slot = (reply as Claimed)[SLOT]
    const state = slot instanceof ReplyClaim ? slot.#state : slot
    if (isAnswered(reply)) {
      report(reply, alreadySent('sendRange was called on a reply that was sent already'))
      if (state === null || state === undefined || state === 'failing') cutAbandoned(reply)
      return reply
    }
    if (isInErrorHook(reply)) return refusal(reply, 'in an onError hook, where nothing can be sent')
    if (state === 'sent' || state === 'overtaken' || (state === 'failed' && isLastError(reply)))
      return refusal(reply, 'on a reply that was sent already, as it is in an onSend hook')
    if (state !== 'opening' && state !== 'failed') return new ReplyClaim(reply)
    sendError(reply, alreadySent('sendRange was called twice on one reply'))
    return reply
  }

  /** Leaves a reply to the error handler or the not-found handler, and removes what we have set on it. */
  static release(reply: FastifyReply): void {
    const claimed = reply as Claimed
    const slot = claimed[SLOT]
    if (!(slot instanceof ReplyClaim)) {
      claimed[SLOT] = null
      return
    }
    if (slot.#state === 'sent') {
      clearRepresentationFields(reply)
      resetStatus(reply)
      forgetIntended(reply.raw)
    }
    slot.#state = 'failing'
  }

  /** Whether nothing was sent on a reply since it was left to a handler. */
  static isFree(reply: FastifyReply): boolean {
    const slot = (reply as Claimed)[SLOT]
    return slot instanceof ReplyClaim && slot.#state === 'failing' && !isAnswered(reply)
  }

  /** Cuts an answer of ours that Fastify cannot write, because another was begun on `reply.raw`. */
  static cutRefused(reply: FastifyReply, error: unknown): void {
    const slot = (reply as Claimed)[SLOT]
    if (slot instanceof ReplyClaim && slot.#state === 'sent') cutRefused(reply, error)
  }

  /** Whether something else has answered, or will. */
  get isLost(): boolean {
    if (this.#state === 'opening') return isAnswered(this.#reply)
    return this.#state !== 'sent'
  }

  /** Cuts an answer that the application has begun on `reply.raw` while ours was made, if nothing else ends it. */
  cutAbandoned(): void {
    if (this.#state === 'opening' && this.#isGuarded) cutAbandoned(this.#reply)
  }

  /**
   * Call this right before the first change of the reply.
   *
   * @throws SendRangeError `ERR_RANGE_ALREADY_SENT` if something else has answered
   */
  assertHeld(): void {
    if (this.isLost) throw alreadySent('Another answer was sent')
  }

  /** Passes our answer to Fastify. */
  send(payload?: unknown): void {
    this.#state = 'sent'
    this.#status = this.#reply.statusCode
    this.#isHandedOver = true
    guardConnection(this.#reply)
    handOver(this.#reply, payload)
  }

  /** Whether a call of `send` may go on to Fastify. */
  admits(payload: unknown): boolean {
    const reply = this.#reply
    if (isTimeOver(payload) && this.#isHeld()) {
      cutHeld(reply)
      return false
    }
    if (this.#isHandedOver) {
      this.#isHandedOver = false
      return true
    }
    if ((this.#state === 'sent' || this.#state === 'overtaken') && isRefusal(payload)) return false
    if (this.#state === 'opening' && payload === undefined && !this.#isEmptyAnswer())
      return refuse(reply, payload)
    if (this.#state === 'sent') {
      if (!isAnswered(reply)) reply.code(this.#status)
      return refuse(reply, payload)
    }
    const isFailing = this.#state === 'failing' || this.#state === 'failed'
    // An error handler may fail itself, or answer with another status.
    if (isFailing) removeFieldsOfOtherError(reply, payload)
    this.#state = isFailing ? 'failed' : 'overtaken'
    return true
  }

  /** Whether our answer, or that of the error handlers, was passed to Fastify and is still with a hook. */
  #isHeld(): boolean {
    return (this.#state === 'sent' || this.#state === 'failed') && !isAnswered(this.#reply)
  }

  /** Whether a `send` without a payload answers: `reply.redirect(url)`, `reply.code(401).send()`, `throw undefined`. */
  #isEmptyAnswer(): boolean {
    return wantedStatus(this.#reply) !== this.#statusBefore || isThrown(this.#reply)
  }
}

/** Whether Fastify sends the error of its `handlerTimeout`. Error handlers send the same one again. */
function isTimeOver(payload: unknown): boolean {
  if (systemCode(payload) !== 'FST_ERR_HANDLER_TIMEOUT' || timeLimits.has(payload as Error)) return false
  timeLimits.add(payload as Error)
  return true
}

function refuse(reply: FastifyReply, payload: unknown): false {
  const cause = payload instanceof Error ? payload : undefined
  report(reply, alreadySent('Something was sent on a reply that sendRange has answered on', cause))
  return false
}

/** Reports a call that comes too late, or where nothing can be sent, and makes what it returns. */
function refusal(reply: FastifyReply, where: string): FastifyReply {
  const error = alreadySent(`sendRange was called ${where}`)
  report(reply, error)
  return refusedCall(reply, error)
}

function report({ log }: FastifyReply, err: SendRangeError): void {
  writeLogLine(log, { level: 'warn', details: { err }, message: err.message })
}

/**
 * Passes an error to Fastify's error handling. Reports it in the log if Fastify takes none, as in an `onError` hook. If a
 * wrapper of `send` takes none, no answer would ever come, and the connection is cut.
 */
export function sendError(reply: FastifyReply, error: Error): void {
  try {
    handOver(reply, error)
  } catch {
    writeLogLine(reply.log, { level: 'warn', details: { err: error }, message: error.message })
    if (!isInErrorHook(reply) && !isAnswered(reply)) cut(reply.raw)
  }
}

/** A wrapper of `send` may be async, and return a promise. Fastify returns the reply. */
function handOver(reply: FastifyReply, payload: unknown): void {
  const sent: unknown = reply.send(payload)
  if (sent !== reply) ignoreRejection(sent)
}
