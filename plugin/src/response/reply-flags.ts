import type { FastifyReply } from 'fastify'

type Flag = (reply: FastifyReply) => boolean

/**
 * What Fastify notes on a reply under a symbol, which has no public way to be read. Each copy of Fastify has symbols of
 * its own.
 */
function flag(description: string): Flag {
  let symbol: symbol | undefined
  return (reply) => {
    if (symbol === undefined || !Object.hasOwn(reply, symbol))
      symbol = Object.getOwnPropertySymbols(reply).find((key) => key.description === description)
    return symbol !== undefined && Reflect.get(reply, symbol) === true
  }
}

/** Whether a handler has thrown what is being sent. It may throw undefined. */
export const isThrown: Flag = flag('fastify.reply.isError')

/** Whether an `onError` hook has the reply. Nothing can be sent there. */
export const isInErrorHook: Flag = flag('fastify.reply.isRunningOnErrorHook')
