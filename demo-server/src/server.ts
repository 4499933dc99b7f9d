import { fileURLToPath } from 'node:url'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import rangePlugin, { type RangeSource } from 'fastify-send-range'
import { addressOf } from './address.ts'
import { documents } from './documents.ts'
import { hideInternalErrors } from './errors.ts'
import { type LabOptions, lab } from './lab.ts'
import { LiveLog, liveLog, liveLogRoute } from './live-log.ts'
import { buildOtherOrigin } from './other-origin.ts'
import { ownHost } from './own-host.ts'
import { page } from './page.ts'
import { RequestLog } from './request-log.ts'
import { settings } from './settings.ts'
import { gracefulShutdown, type ShutdownOptions } from './shutdown.ts'
import { type WalkFilesOptions, walkFileNames, walkFiles } from './walk-files.ts'

/** The folder of the walk-through's files. */
export const FILES: string = fileURLToPath(new URL('../files/', import.meta.url))
/** The usual folder for the files that the demo generates. */
export const DATA: string = fileURLToPath(new URL('../.data', import.meta.url))
/** In ms. It must be less than Fastify's `pluginTimeout` of 10 s, which also limits `close()`. */
const SHUTDOWN_LIMIT = 5_000

/** The options of the demo server. */
export interface ServerOptions {
  /** Its logger. Without one it logs nothing. */
  logger?: FastifyBaseLogger | undefined
  /** The folder of the walk-through's files. Default: the demo's own. */
  files?: string | undefined
  /** Where the files of the names in `files` come from, such as a bucket. Default: `files` itself. */
  source?: RangeSource | undefined
  /** The folder for the files that the demo generates. Default: `demo-server/.data`. */
  dataDir?: string | undefined
  /** The size of the big file that the demo generates, in MiB. Default: 48, as the page says. */
  bigFileSize?: LabOptions['bigFileSize']
  /** How long the current answers may take to finish after `close()`, in ms. Default: 5,000. */
  shutdownLimit?: ShutdownOptions['limit'] | undefined
}

/**
 * Builds the demo server, ready for `inject()` or `listen()`. When it listens, a second server, the other origin,
 * listens on any free port of the same address. The caller closes the first server, which closes the second.
 */
export async function buildServer(options: ServerOptions = {}): Promise<FastifyInstance> {
  const files = options.files ?? FILES
  const shutdownLimit = options.shutdownLimit ?? SHUTDOWN_LIMIT
  const log = new LiveLog()
  const app = fastify({
    ...(options.logger && { loggerInstance: options.logger, logController: new RequestLog() }),
    forceCloseConnections: true,
  })
  const walk: WalkFilesOptions =
    options.source === undefined
      ? {}
      : { from: { source: options.source, names: await walkFileNames(files) } }
  const other = await buildOtherOrigin({ files, walk, log, shutdownLimit, logger: options.logger })
  const otherPort = (): number | undefined => addressOf(other)?.port
  app.setErrorHandler(hideInternalErrors)
  await app.register(gracefulShutdown, { limit: shutdownLimit })
  await app.register(ownHost)
  await app.register(liveLog, { log })
  await app.register(rangePlugin, { root: files })
  await app.register(page, { otherPort })
  await app.register(documents)
  await app.register(settings, { otherPort, filesFrom: walk.from === undefined ? 'folder' : 'bucket' })
  await app.register(liveLogRoute)
  const { dataDir = DATA, bigFileSize } = options
  await app.register(lab, { prefix: '/lab', dataDir, bigFileSize })
  await app.register(walkFiles, walk)
  app.addHook('onListen', async () => {
    const address = addressOf(app)
    if (address) await other.listen({ port: 0, host: address.address })
  })
  app.addHook('onClose', () => other.close())
  return app
}
