import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import { SendRangeError, systemCode } from '../errors.ts'
import { cutAbandoned, cutRefused } from '../guards/abandoned-answer.ts'
import { guardConnection } from '../guards/connection-guard.ts'
import { forgetIntended } from '../guards/intended-answer.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { writeLogLine } from '../log-line.ts'
import { removeFieldsOfOtherError } from './added-fields.ts'
import { resetStatus } from './handler-status.ts'
import { clearRepresentationFields } from './response-fields.ts'

/** Where a reply keeps its claim. */
export const SLOT: unique symbol = Symbol('fastify-send-range claim')

/** How Fastify and whatever wraps it send. */
export type Send = (this: unknown, payload?: unknown) => FastifyReply
/**
 * Before our first call: whether something was sent already, which is unknown where the application's own `send` stands in
 * the place of the guard. From then on: whose turn it is.
 */
type Slot = ReplyClaim | 'sent' | 'unknown' | null | undefined
/** A reply in a context where sends are guarded. */
export type Claimed = Omit<FastifyReply, 'send'> & { send: Send; [SLOT]?: Slot }

/**
 * - `opening`: nothing of our answer is on the reply yet
 * - `sent`: it was handed to Fastify
 * - `overtaken`: the application has sent something else before
 * - `failing`: the handler of errors, or of what is not found, has the reply
 * - `failed`: and it has sent something
 */
type State = 'opening' | 'sent' | 'overtaken' | 'failing' | 'failed'

function alreadySent(message: string, cause?: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_ALREADY_SENT', message, { cause })
}

/** Whether an answer is out, or Fastify has nothing to do with it any more. */
function isAnswered(reply: FastifyReply): boolean {
  return reply.sent || isHeadSent(reply.raw)
}

/**
 * Which call of `sendRange` answers on a reply. Opening a file takes a while, and so may an `onSend` hook; what the
 * application sends meanwhile must not be mixed with our answer. Fastify knows of an answer only when its head is out.
 *
 * - Until our answer is handed to Fastify, anything else that is sent goes out, and ours is given up: nothing of it is
 *   on the reply yet. Nothing at all is no answer: Fastify sends it where an async handler forgets to return the reply.
 * - From then on nothing else is sent, except what Fastify's time limit for handlers answers with.
 * - Where our answer fails before its head is out, the reply is free again for the handlers of errors.
 */
export class ReplyClaim {
  readonly #reply: FastifyReply
  #state: State = 'opening'
  /** Whether what is sent through Fastify is seen. */
  readonly #isGuarded: boolean
  /** Whether our answer is on its way to Fastify's own `send`. */
  #isHandedOver = false
  /** Of our answer. */
  #status = 0

  private constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#isGuarded = (reply as Claimed)[SLOT] !== 'unknown'
    ;(reply as Claimed)[SLOT] = this
  }

  /**
   * Claims a reply for one call. A reply that is taken is reported in the log; where the first call has not answered
   * yet, the second ends both with an error.
   *
   * @returns undefined for a reply that is taken
   */
  static take(reply: FastifyReply): ReplyClaim | undefined {
    const slot = (reply as Claimed)[SLOT]
    const state = slot instanceof ReplyClaim ? slot.#state : slot
    if (isAnswered(reply) || state === 'sent' || state === 'overtaken') {
      report(reply, alreadySent('sendRange was called on a reply that was sent already'))
      if (state === null || state === undefined || state === 'failing') cutAbandoned(reply)
      return undefined
    }
    if (state !== 'opening' && state !== 'failed') return new ReplyClaim(reply)
    sendError(reply, alreadySent('sendRange was called twice on one reply'))
    return undefined
  }

  /** Leaves a reply to the handler of errors, or of what is not found. What we have put on it goes. */
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

  /** Cuts an answer of ours that Fastify cannot write, since another was begun past it. */
  static cutRefused(reply: FastifyReply, error: unknown): void {
    const slot = (reply as Claimed)[SLOT]
    if (slot instanceof ReplyClaim && slot.#state === 'sent') cutRefused(reply, error)
  }

  /** Whether something else has answered, or will. */
  get isLost(): boolean {
    if (this.#state === 'opening') return isAnswered(this.#reply)
    return this.#state !== 'sent'
  }

  /** Ends what the application has begun past Fastify while our answer was made, where nobody else will. */
  cutAbandoned(): void {
    if (this.#state === 'opening' && this.#isGuarded) cutAbandoned(this.#reply)
  }

  /**
   * To be called right before the first change of the reply.
   *
   * @throws SendRangeError `ERR_RANGE_ALREADY_SENT` when something else has answered
   */
  assertHeld(): void {
    if (this.isLost) throw alreadySent('Another answer was sent')
  }

  /** Hands our answer to Fastify. */
  send(payload?: unknown): void {
    this.#state = 'sent'
    this.#status = this.#reply.statusCode
    this.#isHandedOver = true
    guardConnection(this.#reply)
    handOver(this.#reply, payload)
  }

  /** Whether what is sent on the reply may go to Fastify. */
  admits(payload: unknown): boolean {
    if (this.#isHandedOver) {
      this.#isHandedOver = false
      return true
    }
    const reply = this.#reply
    if (this.#state === 'opening' && payload === undefined && !isThrown(reply)) return refuse(reply, payload)
    if (this.#state === 'sent') {
      if (isAnswered(reply)) return refuse(reply, payload)
      if (!isTimeLimit(payload)) {
        reply.code(this.#status)
        return refuse(reply, payload)
      }
      clearRepresentationFields(reply)
      resetStatus(reply)
      forgetIntended(reply.raw)
    }
    const isFailing = this.#state === 'failing' || this.#state === 'failed'
    // A handler of errors may fail itself, or answer with another status.
    if (isFailing) removeFieldsOfOtherError(reply, payload)
    this.#state = isFailing ? 'failed' : 'overtaken'
    return true
  }
}

/**
 * Whether a handler has thrown what is being sent: it may throw undefined. Fastify says so under a symbol of its own.
 */
function isThrown(reply: FastifyReply): boolean {
  const isError = Object.getOwnPropertySymbols(reply).find(
    (key) => key.description === 'fastify.reply.isError',
  )
  return isError !== undefined && Reflect.get(reply, isError) === true
}

/** Fastify's own failure of an answer that is not there after `handlerTimeout`. */
function isTimeLimit(payload: unknown): boolean {
  return systemCode(payload) === 'FST_ERR_HANDLER_TIMEOUT'
}

function refuse(reply: FastifyReply, payload: unknown): false {
  const cause = payload instanceof Error ? payload : undefined
  report(reply, alreadySent('Something was sent on a reply that sendRange has answered on', cause))
  return false
}

function report({ log }: FastifyReply, err: SendRangeError): void {
  writeLogLine(log, { level: 'warn', details: { err }, message: err.message })
}

/** Hands an error to Fastify's error handling, and reports it where Fastify takes none, as in an `onError` hook. */
export function sendError(reply: FastifyReply, error: Error): void {
  try {
    handOver(reply, error)
  } catch {
    writeLogLine(reply.log, { level: 'warn', details: { err: error }, message: error.message })
  }
}

/** What wraps `send` may be async, and give a promise where Fastify gives the reply. */
function handOver(reply: FastifyReply, payload: unknown): void {
  const sent: unknown = reply.send(payload)
  if (sent !== reply) ignoreRejection(sent)
}
