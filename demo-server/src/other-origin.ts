import cors from '@fastify/cors'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import rangePlugin, { corsOptions } from 'fastify-send-range'
import { type LiveLog, liveLog } from './live-log.ts'
import { ownHost } from './own-host.ts'
import { gracefulShutdown } from './shutdown.ts'
import { type WalkFilesOptions, walkFiles } from './walk-files.ts'

/** What the second server shares with the first. */
export interface OtherOriginOptions {
  /** The folder of the walk-through's files. */
  files: string
  walk: WalkFilesOptions
  log: LiveLog
  /** In ms. */
  shutdownLimit: number
  /** Gets warnings and errors only. The requests are in the live log. */
  logger: FastifyBaseLogger | undefined
}

/**
 * Builds a second server, which serves the same files from another origin in three ways: under `/none` without CORS,
 * under `/origin` with only the origin allowed, and under `/recipe` with the whole recipe.
 */
export async function buildOtherOrigin(options: OtherOriginOptions): Promise<FastifyInstance> {
  const loggerInstance = options.logger?.child({}, { level: 'warn' })
  const app = fastify({ ...(loggerInstance && { loggerInstance }), forceCloseConnections: true })
  await app.register(gracefulShutdown, { limit: options.shutdownLimit })
  await app.register(ownHost)
  await app.register(liveLog, { log: options.log })
  await app.register(rangePlugin, { root: options.files })
  const { walk } = options
  await app.register(walkFiles, { prefix: '/none', ...walk })
  await app.register(
    async (scope) => {
      await scope.register(cors, { origin: true, allowedHeaders: [] })
      await scope.register(walkFiles, walk)
    },
    { prefix: '/origin' },
  )
  await app.register(
    async (scope) => {
      await scope.register(cors, { ...corsOptions(), origin: true })
      await scope.register(walkFiles, walk)
    },
    { prefix: '/recipe' },
  )
  return app
}
