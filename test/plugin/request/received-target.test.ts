import express from '@fastify/express'
import middie from '@fastify/middie'
import Fastify, { type FastifyInstance } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { TRANSPORTS, type Transport } from '../support/transports.ts'

const PRIVATE = { private: { 'secret.txt': 'the secret' }, 'open.txt': 'open' }

/** Second spellings of /private/secret.txt. */
const SPELLINGS = [
  '/%70rivate/secret.txt',
  '/p%72ivate/secret.txt',
  '/%50rivate/secret.txt',
  '//private/secret.txt',
  '/./private/secret.txt',
  '/x/../private/secret.txt',
  '/private%2Fsecret.txt',
  '/%2e/private/secret.txt',
]

type Middleware = (request: { url: string }, response: object, next: () => void) => void
type WithMiddleware = FastifyInstance & { use(middleware: Middleware): void }

/** Code that normalises URLs, as applications write it. */
function tidied(url: string): string {
  return new URL(decodeURIComponent(url).replace(/^\/+/, '/'), 'http://localhost').pathname
}

const middleware: Middleware = (request, _response, next) => {
  request.url = tidied(request.url)
  next()
}

interface Tidier {
  readonly name: string
  /** Whether `request.url` is changed after the guard has run. */
  readonly add: (app: FastifyInstance) => unknown
}

const TIDIERS: readonly Tidier[] = [
  {
    name: 'an onRequest hook',
    add: (app) =>
      app.addHook('onRequest', async ({ raw }) => {
        raw.url = tidied(raw.url ?? '')
      }),
  },
  {
    name: 'a preHandler hook',
    add: (app) =>
      app.addHook('preHandler', async ({ raw }) => {
        raw.url = tidied(raw.url ?? '')
      }),
  },
  {
    name: 'a hook that writes to headers as well',
    add: (app) =>
      app.addHook('onRequest', async ({ raw }) => {
        raw.url = tidied(raw.url ?? '')
        if (raw.headers[':path'] !== undefined) raw.headers[':path'] = raw.url
      }),
  },
  {
    name: '@fastify/middie',
    add: async (app) => {
      await app.register(middie)
      ;(app as WithMiddleware).use(middleware)
    },
  },
]

async function serveGuarded(t: Test, { add }: Tidier, transport?: Transport): Promise<FastifyInstance> {
  const root = t.testdir(PRIVATE)
  const app = Fastify({ forceCloseConnections: true, ...transport?.server } as object) as FastifyInstance
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/private/')) await reply.code(401).send('no')
  })
  await add(app)
  await app.register(rangePlugin, { root })
  app.get<{ Params: { '*': string } }>('/*', (request, reply) => {
    const path = decodeURIComponent(request.raw.url ?? '').slice(1)
    return reply.sendRange(path)
  })
  return app
}

for (const tidier of TIDIERS) {
  for (const transport of TRANSPORTS) {
    t.test(`the target is checked as it was received (${tidier.name}, ${transport.name})`, async (t) => {
      const app = await serveGuarded(t, tidier, transport)
      const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
      for (const path of SPELLINGS) {
        const { status, body } = await transport.ask(port, { path })
        t.ok(status >= 400, `${path}: ${status}`)
        t.notMatch(body.toString(), 'the secret', path)
      }
      t.equal((await transport.ask(port, { path: '/private/secret.txt' })).status, 401)
      t.equal((await transport.ask(port, { path: '/open.txt' })).body.toString(), 'open')
    })
  }
}

t.test('the target of an inject is the one before rewriteUrl', async (t) => {
  const root = t.testdir(PRIVATE)
  const app = Fastify({
    rewriteUrl: ({ url, headers }) => (headers['x-tidy'] === undefined ? (url ?? '/') : tidied(url ?? '/')),
  })
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root })
  app.get('/*', (request, reply) => reply.sendRange(decodeURIComponent(request.raw.url ?? '').slice(1)))
  const headers = { 'x-tidy': '1' }
  // `inject` itself removes dot segments.
  for (const url of SPELLINGS.filter((each) => !/\/(?:\.|%2e)/.test(each)))
    t.equal((await app.inject({ url, headers })).statusCode, 404, url)
  t.equal((await app.inject({ url: '/private/secret.txt', headers })).body, 'the secret')
})

t.test('an HTTP/2 server checks the received target of an HTTP/1.1 request too', async (t) => {
  const [plain, tls] = TRANSPORTS.filter(({ server }) => server.https !== undefined) as [Transport, Transport]
  const https = { ...localhostCertificate, allowHTTP1: true }
  const server = { http2: true, https } as unknown as Transport['server']
  const app = await serveGuarded(t, TIDIERS[0] as Tidier, { ...tls, server })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  for (const transport of [plain, tls]) {
    t.equal((await transport.ask(port, { path: '/%70rivate/secret.txt' })).status, 404, transport.name)
    t.equal((await transport.ask(port, { path: '/open.txt' })).status, 200, transport.name)
  }
})

t.test('a server that closes leaves the received targets of another server alone', async (t) => {
  const hook = TIDIERS[0] as Tidier
  const [transport] = TRANSPORTS as [Transport]
  const first = await serveGuarded(t, hook)
  const second = await serveGuarded(t, hook)
  const port = Number(new URL(await second.listen({ port: 0, host: '127.0.0.1' })).port)
  await first.listen({ port: 0, host: '127.0.0.1' })
  await first.close()
  t.equal((await transport.ask(port, { path: '/%70rivate/secret.txt' })).status, 404)
})

t.test('an honest URL is served beside @fastify/express', async (t) => {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  await app.register(express)
  await app.register(rangePlugin, { root: t.testdir({ 'a b.txt': 'content' }) })
  app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  t.equal(await (await fetch(`${address}/a%20b.txt`)).text(), 'content')
})
