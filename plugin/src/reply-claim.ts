import type { FastifyReply } from 'fastify'
import { SendRangeError, systemCode } from './errors.ts'
import { isHeadSent } from './head-sent.ts'
import { writeLogLine } from './log-line.ts'
import { clearRepresentationFields } from './response-fields.ts'

const CLAIM = Symbol('fastify-send-range claim')

type Send = (payload?: unknown) => FastifyReply
type Claimed = Omit<FastifyReply, 'send'> & { send: Send; [CLAIM]?: ReplyClaim }

/**
 * - `opening`: nothing of our answer is on the reply yet
 * - `sent`: it was handed to Fastify
 * - `beaten`: the application has sent something else before
 * - `failing`: the handler of errors, or of what is not found, has the reply
 * - `failed`: and it has sent something
 */
type State = 'opening' | 'sent' | 'beaten' | 'failing' | 'failed'

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
 *   on the reply yet.
 * - From then on nothing else is sent, except what Fastify's time limit for handlers answers with.
 * - Where our answer fails before its head is out, the reply is free again for the handlers of errors.
 */
export class ReplyClaim {
  readonly #reply: FastifyReply
  /** The application's way to send; a wrapper that it has put around `send` included. */
  readonly #send: Send
  /** Whether something else than Fastify's own `send` is given the payload. */
  readonly isSendWrapped: boolean
  #state: State = 'opening'

  private constructor(reply: FastifyReply, before: ReplyClaim | undefined) {
    const claimed = reply as Claimed
    this.#reply = reply
    this.#send = before === undefined ? claimed.send : before.#send
    this.isSendWrapped = before === undefined ? Object.hasOwn(reply, 'send') : before.isSendWrapped
    if (before === undefined) claimed.send = sendBeside
    claimed[CLAIM] = this
  }

  /**
   * Claims a reply for one call. A reply that is taken is reported in the log; where the first call has not answered
   * yet, the second ends both with an error.
   *
   * @returns undefined for a reply that is taken
   */
  static take(reply: FastifyReply): ReplyClaim | undefined {
    const before = (reply as Claimed)[CLAIM]
    const state = before === undefined ? 'failing' : before.#state
    if (isAnswered(reply) || state === 'sent' || state === 'beaten') {
      report(reply, alreadySent('sendRange was called on a reply that was sent already'))
      return undefined
    }
    if (state === 'failing') return new ReplyClaim(reply, before)
    reply.send(alreadySent('sendRange was called twice on one reply'))
    return undefined
  }

  /** Leaves a reply to the handler of errors, or of what is not found. What we have put on it goes. */
  static release(reply: FastifyReply): void {
    const claim = (reply as Claimed)[CLAIM]
    if (claim === undefined) return
    if (claim.#state === 'sent') clearRepresentationFields(reply)
    claim.#state = 'failing'
  }

  /** Whether something else has answered, or will. */
  get isLost(): boolean {
    if (this.#state === 'opening') return isAnswered(this.#reply)
    return this.#state !== 'sent'
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
    this.#send.call(this.#reply, payload)
  }

  /** Sends what the application sends beside us. */
  sendBeside(payload: unknown): FastifyReply {
    const reply = this.#reply
    if (this.#state === 'sent') {
      if (isAnswered(reply) || !isTimeLimit(payload)) return refuse(reply, payload)
      clearRepresentationFields(reply)
    }
    const isFailing = this.#state === 'failing' || this.#state === 'failed'
    this.#state = isFailing ? 'failed' : 'beaten'
    return this.#send.call(reply, payload)
  }
}

/** Fastify's own failure of an answer that is not there after `handlerTimeout`. */
function isTimeLimit(payload: unknown): boolean {
  return systemCode(payload) === 'FST_ERR_HANDLER_TIMEOUT'
}

function refuse(reply: FastifyReply, payload: unknown): FastifyReply {
  const cause = payload instanceof Error ? payload : undefined
  report(reply, alreadySent('Something was sent on a reply that sendRange has answered on', cause))
  return reply
}

function report({ log }: FastifyReply, err: SendRangeError): void {
  writeLogLine(log, { level: 'warn', details: { err }, message: err.message })
}

/** Stands in the place of `reply.send` from our first call on. */
function sendBeside(this: Claimed, payload?: unknown): FastifyReply {
  const claim = this[CLAIM]
  if (claim === undefined) throw new TypeError('This reply has no claim')
  return claim.sendBeside(payload)
}
