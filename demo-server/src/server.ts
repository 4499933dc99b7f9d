import { fileURLToPath } from 'node:url'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import rangePlugin from 'fastify-send-range'
import { gracefulShutdown, type ShutdownOptions } from './shutdown.ts'
import { walkFiles } from './walk-files.ts'

const FILES = fileURLToPath(new URL('../files/', import.meta.url))

/** In ms; must stay under Fastify's own `pluginTimeout` of 10 s, which also bounds its closing. */
const SHUTDOWN_LIMIT = 5_000

/** How to build the demo server. */
export interface ServerOptions {
  /** Where it logs; without one it is silent. */
  logger?: FastifyBaseLogger | undefined
  /** The folder of the walk-through's files. Default: the demo's own. */
  files?: string | undefined
  /** How long the answers under way may take to finish after `close()`, in ms. Default: 5,000. */
  shutdownLimit?: ShutdownOptions['limit'] | undefined
}

/**
 * Builds the demo server without listening: ready for `inject()` or `listen()`. Whoever builds it closes it.
 */
export async function buildServer(options: ServerOptions = {}): Promise<FastifyInstance> {
  const app = fastify({
    ...(options.logger && { loggerInstance: options.logger }),
    forceCloseConnections: true,
  })
  await app.register(gracefulShutdown, { limit: options.shutdownLimit ?? SHUTDOWN_LIMIT })
  await app.register(rangePlugin, { root: options.files ?? FILES })
  await app.register(walkFiles)
  return app
}
