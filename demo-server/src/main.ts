import { resolve } from 'node:path'
import closeWithGrace from 'close-with-grace'
import type { RangeSource } from 'fastify-send-range'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { type Arguments, HELP, parseArguments } from './arguments.ts'
import { openBucket } from './bucket.ts'
import type { BucketAddress } from './bucket-address.ts'
import { chooseDataFolder } from './data-folder.ts'
import { listen } from './listen.ts'
import { buildServer, DATA, FILES } from './server.ts'
import { walkFileNames } from './walk-files.ts'

/** Exit statuses. close-with-grace itself uses 0 (normal stop) and 1 (error). */
const EXIT_USAGE = 2
const EXIT_CANNOT_LISTEN = 4
const EXIT_NO_BUCKET = 5
/** The server limits how long `close()` takes. If even that hangs, the process ends after this many ms. */
const LAST_RESORT = 15_000

/** Sent over IPC to a parent that forked this command. */
export type ParentMessage =
  | { type: 'listening'; url: string; files: readonly string[] }
  | { type: 'failed'; code: string; message: string }

const hasParent = process.send !== undefined

function tellParent(message: ParentMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(message, undefined, undefined, () => resolve())
    else resolve()
  })
}

async function fail(status: number, code: string, message: string): Promise<never> {
  process.stderr.write(`demo-server: ${message}\n`)
  await tellParent({ type: 'failed', code, message })
  process.exit(status)
}

function createLogger(quiet: boolean): Logger {
  const options = { level: quiet ? 'warn' : 'info' }
  if (!process.stdout.isTTY) return pino(options)
  return pino(
    options,
    pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname,reqId,req,res,responseTime' }),
  )
}

/** The source of the files, which has all of them. Without a bucket they are files. */
async function sourceOf(
  address: BucketAddress | undefined,
  logger: Logger,
): Promise<RangeSource | undefined> {
  if (address === undefined) return undefined
  const names = await walkFileNames(FILES)
  const bucket = await openBucket(address, { folder: FILES, names, env: process.env })
  if (bucket.kind === 'unusable') return fail(EXIT_NO_BUCKET, 'ERR_BUCKET', bucket.message)
  logger.info(`${names.join(', ')}: from ${bucket.place}; all other files from this machine`)
  return bucket.source
}

async function run({ port, host, dataDir, s3, quiet }: Extract<Arguments, { kind: 'run' }>): Promise<void> {
  const logger = createLogger(quiet)
  const source = await sourceOf(s3, logger)
  const data = dataDir === undefined ? await chooseDataFolder(DATA) : null
  const app = await buildServer({ logger, source, dataDir: data?.path ?? resolve(dataDir ?? DATA) })
  if (data?.isTemporary) {
    app.addHook('onClose', () => data.remove())
    logger.info(`${DATA} cannot be written to: generated files are in ${data.path} until the server ends`)
  }
  const url = await listen(app, { port, host }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EADDRINUSE' ? `port ${port} is in use` : error.message
    return fail(EXIT_CANNOT_LISTEN, error.code ?? 'ERR_LISTEN', `cannot listen on ${host}: ${reason}`)
  })
  const grace = closeWithGrace(
    { delay: LAST_RESORT, logger, skip: hasParent ? ['SIGINT'] : [] },
    async ({ err, signal }) => {
      if (err) logger.error(err)
      else logger.info(`${signal ?? 'parent gone'}: finishing the current answers`)
      await app.close()
    },
  )
  if (hasParent) {
    // Ctrl-C in a terminal reaches the whole process group, but the parent decides when to stop.
    process.on('SIGINT', () => {})
    process.once('disconnect', () => grace.close())
    if (!process.connected) grace.close()
  }
  await tellParent({ type: 'listening', url, files: await walkFileNames(FILES) })
}

const args = parseArguments(process.argv.slice(2))
if (args.kind === 'help') process.stdout.write(HELP)
else if (args.kind === 'invalid') await fail(EXIT_USAGE, 'ERR_USAGE', `${args.message} (see --help)`)
else await run(args)
