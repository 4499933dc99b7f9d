import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to close. Endless answers must end then. */
    stopping: AbortSignal
  }
}

/** How `close()` treats the current answers. */
export interface ShutdownOptions {
  /** How long they may take to finish before their connections are cut, in ms. */
  limit: number
}

/** If no answer makes progress for this many ms, `close()` stops waiting. A paused video is an example. */
const PATIENCE = 2_000

/**
 * Makes `app.close()` wait for the current answers for a limited time, and not for idle connections.
 *
 * Node itself does neither. `closeIdleConnections()` cuts an answer that is written completely but not yet sent, and
 * keeps connections that never had a request (browsers open such connections in advance).
 * This needs `forceCloseConnections: true`, which cuts all open connections after the wait.
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
    await whileMoving(underWay, performance.now() + limit)
    if (underWay.size > 0)
      app.log.warn(`${underWay.size} answers cut off: the clients stopped reading, or it took too long`)
  })
})

/** Resolves when all answers have ended, when none makes progress, or at the deadline, a `performance.now()`. */
async function whileMoving(responses: ReadonlySet<ServerResponse>, deadline: number): Promise<void> {
  let before = -1
  const closed = Promise.all(Array.from(responses, whenClosed))
  while (responses.size > 0) {
    const written = bytesWritten(responses)
    const rest = deadline - performance.now()
    if (written === before || rest <= 0) return
    before = written
    const timeout = new AbortController()
    await Promise.race([closed, sleep(Math.min(PATIENCE, rest), undefined, { signal: timeout.signal })])
    timeout.abort()
  }
}

function bytesWritten(responses: ReadonlySet<ServerResponse>): number {
  let sum = 0
  for (const { socket } of responses) sum += (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0)
  return sum
}

function whenClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve))
}
