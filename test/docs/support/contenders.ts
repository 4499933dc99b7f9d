import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyStatic from '@fastify/static'
import express from 'express'
import Fastify from 'fastify'
import { rangeRoutes } from 'fastify-send-range'
import type { Test } from 'tap'
import type { Where } from './ask.ts'
import { startNginx } from './nginx.ts'

/** Starts a server of the files in a folder. It stops with the test. */
export type Contender = (t: Test, root: string) => Promise<Where>

const listen = { port: 0, host: '127.0.0.1' } as const

/** The servers by their column in the README's table, with their other features switched on. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  'fastify-send-range': async (t, root) => {
    const app = Fastify({ forceCloseConnections: true })
    t.teardown(() => app.close())
    await app.register(rangeRoutes, { root, index: 'index.html', precompressed: true })
    return await app.listen(listen)
  },
  '@fastify/static 10.1': async (t, root) => {
    const app = Fastify({ forceCloseConnections: true })
    t.teardown(() => app.close())
    await app.register(fastifyStatic, { root, preCompressed: true })
    return await app.listen(listen)
  },
  'express.static 5.3': async (t, root) => {
    // In other environments it prints its errors.
    const app = express().set('env', 'test').use(express.static(root))
    const server = createServer(app).listen(listen)
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  },
  nginx: (t, root) => startNginx(t, `root ${root}; gzip_static on;`),
}
