import type { FastifyReply, FastifyRequest } from 'fastify'
import { foreignFailure, isError } from '../foreign-failure.ts'
import { ReplyClaim, sendError } from './reply-claim.ts'

/**
 * Answers a request for what is not there, as a handler does: it sends, calls `sendRange` again, throws, or returns what
 * is to be sent. If an async function does nothing of this, the not-found handler answers.
 */
export type NotFoundFunction = (request: FastifyRequest, reply: FastifyReply) => unknown

/** Replies that have fallen through. A second path that is not there must not lead to the same function again. */
const fallen = new WeakSet<FastifyReply>()

/** Has the function of the application answer on a reply that is free. Without a function, the not-found handler answers. */
export function answerNotFound(reply: FastifyReply, onNotFound: NotFoundFunction | undefined): void {
  try {
    if (onNotFound === undefined || fallen.has(reply)) {
      reply.callNotFound()
      return
    }
    fallen.add(reply)
    const made = onNotFound(reply.request, reply)
    if (isThenable(made)) void sendLater(reply, made)
    else if (made !== undefined) reply.send(made)
  } catch (thrown) {
    sendError(reply, failureOf(thrown))
  }
}

/** A reply that is returned is a thenable too. It is fulfilled with undefined when the answer is over. */
async function sendLater(reply: FastifyReply, made: PromiseLike<unknown>): Promise<void> {
  try {
    const payload = await made
    if (payload !== undefined) reply.send(payload)
    else if (ReplyClaim.isFree(reply)) reply.callNotFound()
  } catch (thrown) {
    sendError(reply, failureOf(thrown))
  }
}

/** An Error goes to the error handler as it is, like one of a handler. */
function failureOf(thrown: unknown): Error {
  return isError(thrown) ? thrown : foreignFailure('ERR_RANGE_OPTION', 'The onNotFound function', thrown)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
}
