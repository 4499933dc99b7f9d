import { readdirSync, readlinkSync, realpathSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { type RangePluginOptions, rangePlugin } from 'fastify-send-range'
import type { Test } from 'tap'
import { asServed } from './ways-to-serve.ts'

const ERROR_LEVEL = 50

/** One line of pino's log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly err?: { readonly code?: string }
}

/** Settings of {@link serve}. */
export interface ServeOptions {
  readonly plugin?: RangePluginOptions
  /** Where it listens; 127.0.0.1 by default. */
  readonly host?: string
  readonly server?: FastifyServerOptions & { readonly http2?: boolean; readonly https?: unknown }
  /** Adds hooks and routes; the default is one route for everything. */
  readonly routes?: (app: FastifyInstance) => unknown
}

/** A listening server with the plugin. It is closed when the test ends. */
export interface Served {
  readonly app: FastifyInstance
  readonly port: number
  readonly log: readonly LogLine[]
  /** Log lines of level error and above. */
  errors(): readonly LogLine[]
}

/** Serves with the plugin, on a free port. */
export async function serve(t: Test, options: ServeOptions): Promise<Served> {
  const log: LogLine[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') log.push(JSON.parse(line) as LogLine)
      done()
    },
  })
  const app = Fastify({
    logger: { level: 'debug', stream },
    forceCloseConnections: true,
    ...options.server,
  } as FastifyServerOptions) as FastifyInstance
  await app.register(rangePlugin, asServed(options.plugin ?? {}))
  if (options.routes === undefined) serveEverything(app)
  else await options.routes(app)
  await app.listen({ port: 0, host: options.host ?? '127.0.0.1' })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return { app, port, log, errors: () => log.filter(({ level }) => level >= ERROR_LEVEL) }
}

/** The one route of most tests. */
export function serveEverything(app: FastifyInstance): void {
  app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
}

/** How many descriptors of this process are open on things below a folder (also on deleted ones). */
export function descriptorsBelow(folder: string): number {
  const prefix = `${realpathSync(folder)}/`
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(prefix)
    } catch {
      return false
    }
  }).length
}

/** Waits until something holds; for conditions that are bound to come true, however slow the machine is. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}
