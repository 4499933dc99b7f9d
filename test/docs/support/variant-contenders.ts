import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import rangePlugin from 'fastify-send-range'
import sirv from 'sirv'
import type { Test } from 'tap'
import type { Where } from './ask.ts'
import { startCaddy } from './caddy.ts'
import { startNginx } from './nginx.ts'

/** Where a server of a folder listens, for both versions of HTTP. */
export interface BothVersions {
  readonly http1: Where
  readonly http2: Where
}

/** The servers by their column in the README's table, with everything about compressed files switched on. */
export const VARIANT_CONTENDERS: Readonly<Record<string, (t: Test, root: string) => Promise<BothVersions>>> =
  {
    'fastify-send-range': (t, root) =>
      bothOfFastify(t, async (app) => {
        await app.register(rangePlugin, { root, precompressed: true })
        app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
      }),
    '@fastify/static 10.1': (t, root) =>
      bothOfFastify(t, async (app) => {
        await app.register(fastifyStatic, { root, preCompressed: true })
      }),
    'sirv 3.0': async (t, root) => {
      const handler = sirv(root, { dev: true, etag: true, gzip: true, brotli: true })
      return {
        http1: await listening(t, createServer(handler)),
        http2: await listening(
          t,
          createHttp2Server(handler as unknown as Parameters<typeof createHttp2Server>[1]),
        ),
      }
    },
    nginx: async (t, root) => {
      const folder = await mkdtemp(join(tmpdir(), 'send-range-docs-'))
      t.teardown(() => rm(folder, { recursive: true, force: true }))
      const socketPath = join(folder, 'http2')
      const http1 = await startNginx(
        t,
        `listen unix:${socketPath} http2; root ${root}; types { text/javascript js; } gzip_static on; gzip_vary on;`,
      )
      return { http1, http2: { socketPath } }
    },
    Caddy: async (t, root) => {
      const both = await startCaddy(t, `root * ${root}\nfile_server {\n\tprecompressed zstd br gzip\n}`)
      return { http1: both, http2: both }
    },
  }

async function bothOfFastify(
  t: Test,
  prepare: (app: FastifyInstance) => Promise<unknown>,
): Promise<BothVersions> {
  const start = async (options: object): Promise<Where> => {
    const app = Fastify({
      forceCloseConnections: true,
      ...options,
    } as FastifyServerOptions) as FastifyInstance
    t.teardown(() => app.close())
    await prepare(app)
    return await app.listen({ port: 0, host: '127.0.0.1' })
  }
  return { http1: await start({}), http2: await start({ http2: true }) }
}

async function listening(t: Test, server: Server): Promise<Where> {
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
