import { truncate } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import express from '@fastify/express'
import middie from '@fastify/middie'
import compression from 'compression'
import type { FastifyInstance, FastifyReply } from 'fastify'
import oldCompress from 'fastify-compress-9-0'
import type { RangeSource } from 'fastify-send-range'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve, serveEverything, until } from '../support/serve.ts'
import { TRANSPORTS } from '../support/transports.ts'

const BIG = 12 * 1024 * 1024
const SIZE = 20_000
const TEXT = 'a line of text that compresses well\n'.repeat(SIZE / 36 + 1).slice(0, SIZE)
const GZIP = { 'accept-encoding': 'gzip' }

type Routes = (app: FastifyInstance) => unknown

/** Before every request, changes `reply.raw`. */
function onRequest(change: (reply: FastifyReply) => void): Routes {
  return (app) => {
    app.addHook('onRequest', async (_request, reply) => change(reply))
    serveEverything(app)
  }
}

const saysNo = (configurable: boolean): PropertyDescriptor => ({ get: () => false, configurable })

const LIARS: readonly { name: string; routes: Routes }[] = [
  {
    name: '@fastify/express',
    routes: async (app) => {
      await app.register(express)
      serveEverything(app)
    },
  },
  {
    name: 'a getter on the response',
    routes: onRequest(({ raw }) => Object.defineProperty(raw, 'headersSent', saysNo(true))),
  },
  {
    name: 'a getter that cannot be redefined',
    routes: onRequest(({ raw }) => Object.defineProperty(raw, 'headersSent', saysNo(false))),
  },
  {
    name: 'a Proxy in place of the response',
    routes: onRequest((reply) => {
      const raw = new Proxy(reply.raw, {
        get(target, name) {
          if (name === 'headersSent') return false
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      reply.raw = raw
    }),
  },
]

for (const { name, routes } of LIARS) {
  t.test(`an answer that fails is cut when headersSent is wrongly false (${name})`, async (t) => {
    const root = t.testdir({ 'f.bin': Buffer.alloc(BIG), 'short.txt': 'text' })
    const { port, errors } = await serve(t, { plugin: { root, stallTimeout: 100, maxOpenFiles: 0 }, routes })
    await t.test('an answer is cut when the client stops reading', async (t) => {
      const client = await RawClient.connect(port)
      client.request('GET', '/f.bin')
      t.equal((await client.readHead()).status, 200)
      await new Promise((resolve) =>
        client.socket
          .pause()
          .once('close', resolve)
          .setTimeout(1500, () => resolve(undefined)),
      )
      t.ok((await client.drain()) < BIG)
    })
    await t.test('an answer is cut when the file is truncated', async (t) => {
      const client = await RawClient.connect(port)
      client.request('GET', '/f.bin')
      t.equal((await client.readHead()).status, 200)
      await truncate(join(root, 'f.bin'), 1000)
      t.ok((await client.drain()) < BIG)
    })
    await t.test('the process goes on and the next answer is right', async (t) => {
      const client = await RawClient.connect(port)
      t.equal((await client.exchange('GET', '/short.txt')).body.toString(), 'text')
      client.destroy()
    })
    t.strictSame(errors(), [])
  })
}

type Raw = Omit<ServerResponse, 'writeHead'> & { writeHead: (...list: unknown[]) => unknown }

/** Compresses the payload in a hook. Each row sets the field in another way. */
function compressing(setField: (reply: FastifyReply) => void): Routes {
  return (app) => {
    app.addHook('onSend', async (_request, reply, payload) => {
      if (payload === null || payload === undefined) return payload
      reply.removeHeader('content-length')
      setField(reply)
      if (payload instanceof Readable) return payload.pipe(createGzip() as Transform)
      return gzipSync(payload as Buffer)
    })
    serveEverything(app)
  }
}

/** Wraps writeHead so that it adds a field, in one of the forms that it takes. */
function addingInWriteHead(form: (status: unknown) => readonly unknown[]): (reply: FastifyReply) => void {
  return (reply) => {
    const raw = reply.raw as unknown as Raw
    const { writeHead } = raw
    raw.writeHead = (status, ...rest) => {
      const given = rest.at(-1)
      if (typeof given === 'object' && given !== null)
        for (const [key, value] of Object.entries(given)) raw.setHeader(key, value as string)
      return writeHead.call(raw, ...form(status))
    }
  }
}

const COMPRESSORS: readonly { name: string; routes: Routes; http1?: true }[] = [
  { name: 'a hook', routes: compressing((reply) => reply.header('Content-Encoding', 'gzip')) },
  { name: 'raw.setHeader', routes: compressing((reply) => reply.raw.setHeader('Content-Encoding', 'GZip')) },
  {
    name: 'writeHead with an object',
    routes: compressing(addingInWriteHead((status) => [status, { 'Content-Encoding': 'gzip' }])),
  },
  {
    name: 'writeHead with a message and an object',
    routes: compressing(addingInWriteHead((status) => [status, 'Fine', { 'Content-Encoding': 'gzip' }])),
  },
  {
    name: 'writeHead with a flat list',
    routes: compressing(addingInWriteHead((status) => [status, ['Content-Encoding', 'gzip']])),
    http1: true,
  },
  {
    name: '@fastify/compress 9.0',
    routes: async (app) => {
      await app.register(oldCompress, { threshold: 0 })
      await app.register(async (scope) => serveEverything(scope))
    },
  },
  {
    name: 'compression through @fastify/middie',
    routes: async (app) => {
      await app.register(middie)
      app.use(
        compression({ threshold: 0 }) as (
          req: IncomingMessage,
          res: ServerResponse,
          next: () => void,
        ) => void,
      )
      serveEverything(app)
    },
    http1: true,
  },
  {
    name: 'compression through @fastify/express',
    routes: async (app) => {
      await app.register(express)
      app.use(compression({ threshold: 0 }))
      serveEverything(app)
    },
    http1: true,
  },
  {
    name: 'a wrapper below ours that adds the coding to writeHead',
    routes: (app) => {
      app.addHook('onRequest', async (_request, reply) =>
        addingInWriteHead((status) => [status, { 'content-encoding': 'gzip' }])(reply),
      )
      compressing(() => {})(app)
    },
    http1: true,
  },
]

for (const { name, routes, http1 } of COMPRESSORS) {
  for (const transport of TRANSPORTS.filter(({ server }) => server.https === undefined)) {
    if (http1 && transport.server.http2) continue
    t.test(
      `an answer in gzip has no strong tag and no Content-Range (${name}, ${transport.name})`,
      async (t) => {
        const root = t.testdir({ 'f.txt': TEXT, 'big.txt': TEXT.repeat(10) })
        const { port } = await serve(t, { plugin: { root }, server: transport.server as object, routes })
        for (const [path, body] of [
          ['/f.txt', TEXT],
          ['/big.txt', TEXT.repeat(10)],
        ] as const) {
          const whole = await transport.ask(port, { path, headers: GZIP })
          t.equal(whole.status, 200)
          t.match(String(whole.headers['content-encoding']), /gzip/i)
          t.equal(gunzipSync(whole.body).toString(), body, path)
          t.match(whole.headers['etag'], /^W\/"/, path)
          t.equal(whole.headers['accept-ranges'], undefined, path)
          for (const range of ['bytes=2-9000', 'bytes=0-1000, 2000-9000']) {
            const part = await transport
              .ask(port, { path, headers: { ...GZIP, range } })
              .catch(() => undefined)
            t.ok(part === undefined || part.headers['content-encoding'] === undefined, `${path} ${range}`)
          }
        }
      },
    )
  }
}

t.test('a coding that the handler sets is that of the representation', async (t) => {
  const data = gzipSync(TEXT)
  const root = t.testdir({ 'f.gz': data })
  const routes: Routes = (app) => {
    app.get('/option', (_request, reply) =>
      reply.sendRange('f.gz', { headers: { 'Content-Encoding': 'gzip' } }),
    )
    app.get('/field', (_request, reply) => reply.header('Content-Encoding', 'gzip').sendRange('f.gz'))
  }
  for (const transport of TRANSPORTS) {
    const { port } = await serve(t, { plugin: { root }, server: transport.server as object, routes })
    for (const path of ['/option', '/field']) {
      const whole = await transport.ask(port, { path, headers: GZIP })
      t.equal(whole.headers['content-encoding'], 'gzip')
      t.match(whole.headers['etag'], /^"/)
      t.equal(whole.headers['accept-ranges'], 'bytes')
      t.same(whole.body, data)
      const part = await transport.ask(port, { path, headers: { ...GZIP, range: 'bytes=1-4' } })
      t.equal(part.status, 206)
      t.equal(part.headers['content-encoding'], 'gzip')
      t.equal(part.headers['etag'], whole.headers['etag'])
      t.same(part.body, data.subarray(1, 5))
    }
  }
})

const LARGE: RangeSource = {
  open: () => ({
    size: 200_000,
    etag: '"v"',
    *read({ first, last }) {
      yield Buffer.alloc(last - first + 1, 'x')
    },
    close() {},
  }),
}

t.test('RFC 9112 §6.2 an answer has Transfer-Encoding or Content-Length, never both', async (t) => {
  const root = t.testdir({ 'f.txt': TEXT, 'big.txt': TEXT.repeat(10) })
  const routes: Routes = (app) => {
    const trailer = (reply: FastifyReply): FastifyReply => reply.trailer('x-sum', async () => 'sum')
    app.get('/trailer', (_request, reply) => trailer(reply).sendRange('f.txt'))
    app.get('/trailer-big', (_request, reply) => trailer(reply).sendRange('big.txt'))
    app.get('/trailer-source', (_request, reply) => trailer(reply).sendRange('x', { source: LARGE }))
    app.get('/chunked', (_request, reply) => reply.header('Transfer-Encoding', 'chunked').sendRange('f.txt'))
    app.get('/length', (_request, reply) => reply.header('Content-Length', '5').sendRange('f.txt'))
    app.get('/raw', (_request, reply) => {
      reply.raw.setHeader('Transfer-Encoding', 'chunked')
      return reply.sendRange('big.txt')
    })
  }
  const { port } = await serve(t, { plugin: { root }, routes })
  for (const target of ['/trailer', '/trailer-big', '/trailer-source', '/chunked', '/length', '/raw']) {
    for (const lines of [[], ['Range: bytes=0-9999'], ['Range: bytes=0-99, 1000-9999']]) {
      const client = await RawClient.connect(port)
      client.request('GET', target, [...lines, 'Connection: close'])
      const { fields, status } = await client.readHead()
      t.equal(status, lines.length === 0 ? 200 : 206)
      const isChunked = fields.get('transfer-encoding') === 'chunked'
      t.equal(isChunked, target !== '/length', target)
      t.equal(fields.has('content-length'), !isChunked, target)
      const rest = (await client.readBytes(1_000_000)).toString()
      if (isChunked) t.match(rest, /\r\n0\r\n(x-sum: sum\r\n)?\r\n$/, 'the message ends')
      if (target.startsWith('/trailer')) t.match(rest, /x-sum: sum/)
    }
    const old = await RawClient.connect(port)
    old.socket.write(`GET ${target} HTTP/1.0\r\n\r\n`)
    const { fields } = await old.readHead()
    t.equal(fields.get('transfer-encoding'), undefined, `${target}: HTTP/1.0 knows no Transfer-Encoding`)
    t.equal((await old.readBytes(1_000_000)).length, Number(fields.get('content-length')))
  }
})

t.test('trailers are sent over HTTP/2', async (t) => {
  const root = t.testdir({ 'f.txt': TEXT })
  const routes: Routes = (app) => {
    app.get('/f', (_request, reply) => reply.trailer('x-sum', async () => 'sum').sendRange('f.txt'))
  }
  const { port } = await serve(t, { plugin: { root }, server: { http2: true }, routes })
  const http2 = TRANSPORTS.find(({ name }) => name === 'HTTP/2')
  const answer = await http2?.ask(port, { path: '/f' })
  t.equal(answer?.body.toString(), TEXT)
  t.equal(answer?.headers['content-length'], String(SIZE))
})

t.test('a part that was encoded is cut and logged', async (t) => {
  const root = t.testdir({ 'f.txt': TEXT })
  const routes = compressing((reply) => reply.header('content-encoding', 'gzip'))
  const { port, errors } = await serve(t, { plugin: { root }, routes })
  const client = await RawClient.connect(port)
  client.request('GET', '/f.txt', ['Range: bytes=0-9000'])
  t.equal(await client.drain(), 0, 'not one byte')
  await until(() => errors().length > 0)
})
