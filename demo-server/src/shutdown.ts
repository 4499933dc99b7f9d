import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to close: what would answer for ever must end now. */
    stopping: AbortSignal
  }
}

/** How `close()` treats the answers under way. */
export interface ShutdownOptions {
  /** How long they may take to finish before their connections are cut, in ms. */
  limit: number
}

/**
 * Makes `app.close()` wait for the answers under way, but not for ever and not for idle connections.
 *
 * Node alone gets both wrong: `closeIdleConnections()` cuts an answer that has been handed over in full but is still
 * being sent, and spares connections on which nothing was ever asked (a browser opens such ones ahead of need).
 * Needs `forceCloseConnections: true`, which cuts whatever is open once this is done waiting.
 */
export const gracefulShutdown = fp(async (app: FastifyInstance, { limit }: ShutdownOptions) => {
  const underWay = new Set<ServerResponse>()
  const stopping = new AbortController()
  app.decorate('stopping', stopping.signal)

  app.addHook('onRequest', async (_request, reply) => {
    underWay.add(reply.raw)
    reply.raw.once('close', () => underWay.delete(reply.raw))
  })

  app.addHook('preClose', async () => {
    stopping.abort()
    const finished = Promise.all(Array.from(underWay, whenClosed))
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limit)
    })
    await Promise.race([finished, timeout])
    clearTimeout(timer)
    if (underWay.size > 0) app.log.warn(`${underWay.size} answers cut off after ${limit} ms`)
  })
})

function whenClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve))
}
