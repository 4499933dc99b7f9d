import type { FastifyReply } from 'fastify'

/**
 * Reads what Fastify notes on a reply under a symbol. There is no public way to read it. Each copy of Fastify has symbols of
 * its own.
 */
function noteOf(description: string): (reply: FastifyReply) => unknown {
  let symbol: symbol | undefined
  return (reply) => {
    if (symbol === undefined || !Object.hasOwn(reply, symbol))
      symbol = Object.getOwnPropertySymbols(reply).find((key) => key.description === description)
    return symbol === undefined ? undefined : Reflect.get(reply, symbol)
  }
}

const isError = noteOf('fastify.reply.isError')
const isRunningOnErrorHook = noteOf('fastify.reply.isRunningOnErrorHook')
const nextErrorHandler = noteOf('fastify.reply.nextErrorHandler')

/** Whether a handler has thrown what is being sent. It may throw undefined. */
export function isThrown(reply: FastifyReply): boolean {
  return isError(reply) === true
}

/** Whether an `onError` hook has the reply. Nothing can be sent there. */
export function isInErrorHook(reply: FastifyReply): boolean {
  return isRunningOnErrorHook(reply) === true
}

/** Whether Fastify sends an error itself, since no error handler is left. Only hooks come before it is sent. */
export function isLastError(reply: FastifyReply): boolean {
  return nextErrorHandler(reply) === false
}
