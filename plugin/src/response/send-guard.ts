import type { FastifyInstance, FastifyReply } from 'fastify'
import { systemCode } from '../errors.ts'
import { isRefusal } from './refused-call.ts'
import { type Claimed, ReplyClaim, type Send, SLOT } from './reply-claim.ts'

/** The functions with which {@link guardSend} has replaced `reply.send`. */
const guards = new WeakSet<Send>()

/** Whether a wrapper of the application gets the payloads that are sent on a reply. */
export function isSendWrapped(reply: FastifyReply): boolean {
  return !guards.has((reply as Claimed).send)
}

/** Has the claim on a reply decide which payloads are sent, in a context and those below it. */
export function guardSend(fastify: FastifyInstance): void {
  /** The prototype of replies that has the guard. */
  let prototype: Claimed | undefined
  const guard: Send = function (payload) {
    const reply = this as Claimed
    prototype ??= prototypeWith(guard, reply)
    const { send } = Object.getPrototypeOf(prototype) as Claimed
    // A context above was registered after the one of the reply: the guard there must not decide again.
    if (reply.send !== guard && lowestGuardOf(reply) !== guard) return send.call(reply, payload)
    const slot = reply[SLOT]
    if (slot instanceof ReplyClaim) return slot.admits(payload) ? send.call(reply, payload) : reply
    if (slot === 'sent' && isRefusal(payload)) return reply
    reply[SLOT] = 'sent'
    try {
      return send.call(reply, payload)
    } catch (error) {
      reply[SLOT] = null
      throw error
    }
  }
  guards.add(guard)
  try {
    fastify.decorateReply('send', guard as FastifyReply['send'])
    fastify.decorateReply(SLOT, null)
  } catch (error) {
    // The application has a `send` of its own here, and keeps it.
    if (systemCode(error) !== 'FST_ERR_DEC_ALREADY_PRESENT') throw error
    fastify.decorateReply(SLOT, 'unknown')
  }
}

/** The guard that comes first when a reply is sent, also below a wrapper of the application. */
function lowestGuardOf(reply: Claimed): Send | undefined {
  for (let at: object | null = reply; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const send: unknown = Object.getOwnPropertyDescriptor(at, 'send')?.value
    if (guards.has(send as Send)) return send as Send
  }
  return undefined
}

function prototypeWith(guard: Send, reply: Claimed): Claimed {
  let prototype = Object.getPrototypeOf(reply) as Claimed
  while (!Object.hasOwn(prototype, 'send') || prototype.send !== guard)
    prototype = Object.getPrototypeOf(prototype) as Claimed
  return prototype
}
