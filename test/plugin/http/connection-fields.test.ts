import type { FastifyInstance, FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { serveFiles } from '../support/file-server.ts'
import { fieldNames, RawConnection, type RawRequest, type RawResponse } from '../support/raw-http.ts'
import { serve } from '../support/serve.ts'
import { type Ask, TRANSPORTS } from '../support/transports.ts'

const FILES = { 'f.txt': 'x'.repeat(1000), 'big.txt': 'x'.repeat(300_000), 'empty.txt': '' }

/** Fields of framing and of a connection, as applications set them, often copied from another answer. */
const FIELDS: Readonly<Record<string, readonly [string, string | string[]]>> = {
  trailer: ['Trailer', 'x'],
  'two-trailers': ['trailer', ['x', 'y']],
  'empty-trailer': ['trailer', ''],
  chunked: ['Transfer-Encoding', 'chunked'],
  gzip: ['transfer-encoding', 'gzip'],
  'gzip-chunked': ['transfer-encoding', 'gzip, chunked'],
  identity: ['transfer-encoding', 'identity'],
  'two-codings': ['transfer-encoding', ['chunked', 'chunked']],
  te: ['te', 'gzip'],
  'te-trailers': ['te', 'trailers'],
  close: ['connection', 'close'],
  option: ['connection', 'x-foo'],
  'keep-alive': ['keep-alive', 'timeout=5'],
  upgrade: ['upgrade', 'websocket'],
  proxy: ['proxy-connection', 'close'],
  settings: ['http2-settings', 'AAA'],
  length: ['content-length', '5'],
  'no-length': ['content-length', 'abc'],
  range: ['content-range', 'bytes 0-1/2'],
}

/** Fields of a connection. HTTP/2 has none of these. */
const CONNECTION = /^(?:connection|http2-settings|keep-alive|proxy-connection|te|transfer-encoding|upgrade)$/

/** Every kind of answer. */
const ASKS: readonly { readonly ask: Ask; readonly status: number; readonly length?: number }[] = [
  { ask: { path: 'f.txt' }, status: 200, length: 1000 },
  { ask: { path: 'big.txt' }, status: 200, length: 300_000 },
  { ask: { path: 'empty.txt' }, status: 200, length: 0 },
  { ask: { path: 'f.txt', headers: { range: 'bytes=0-3' } }, status: 206, length: 4 },
  { ask: { path: 'big.txt', headers: { range: 'bytes=0-199999' } }, status: 206, length: 200_000 },
  { ask: { path: 'f.txt', headers: { range: 'bytes=0-1, 500-501' } }, status: 206 },
  { ask: { path: 'f.txt', headers: { range: 'bytes=1000-' } }, status: 416 },
  { ask: { path: 'f.txt', headers: { 'if-none-match': '*' } }, status: 304, length: 0 },
  { ask: { path: 'f.txt', headers: { 'if-match': '"x"' } }, status: 412 },
  { ask: { path: 'f.txt', method: 'HEAD' }, status: 200, length: 0 },
  { ask: { path: 'absent.txt' }, status: 404 },
]

/** How an application sets a field. */
const WAYS: Readonly<
  Record<string, (reply: FastifyReply, name: string, value: string | string[]) => unknown>
> = {
  reply: (reply, name, value) => reply.header(name, value),
  raw: (reply, name, value) => reply.raw.setHeader(name, value),
}

function addRoutes(app: FastifyInstance): void {
  for (const [way, set] of Object.entries(WAYS)) {
    app.get<{ Params: { key: string; name: string } }>(`/${way}/:key/:name`, ({ params }, reply) => {
      set(reply, ...(FIELDS[params.key] ?? ['x', '']))
      return reply.sendRange(params.name)
    })
  }
  app.get<{ Params: { name: string } }>('/trailers/:name', ({ params }, reply) =>
    reply.trailer('x-sum', async () => 'sum').sendRange(params.name),
  )
}

function rawRequest({ method, headers }: Ask, target: string): RawRequest {
  return {
    target,
    ...(method !== undefined && { method }),
    ...(headers !== undefined && { fields: Object.entries(headers) }),
  }
}

/** Reads an answer strictly, and the next answer of the connection right after it. */
async function asked(t: Test, answer: Promise<RawResponse>, expected: (typeof ASKS)[number]) {
  const { status, body, ...response } = await answer
  t.equal(status, expected.status)
  if (expected.length !== undefined) t.equal(body.length, expected.length)
  return response
}

for (const way of Object.keys(WAYS)) {
  t.test(`an HTTP/1.1 answer is framed once, with any fields set (${way})`, async (t) => {
    const { ask } = await serveFiles(t, { files: FILES, routes: addRoutes })
    for (const key of Object.keys(FIELDS)) {
      await t.test(key, async (t) => {
        for (const expected of ASKS) {
          const request = rawRequest(expected.ask, `/${way}/${key}/${expected.ask.path}`)
          const response = await asked(t, ask(request), expected)
          const names = fieldNames({ ...response, status: expected.status, body: Buffer.alloc(0) })
          if (!names.includes('transfer-encoding')) t.notOk(names.includes('trailer'), 'no trailer can come')
          const isPart = expected.status === 416 || (expected.status === 206 && expected.length !== undefined)
          t.equal(names.includes('content-range'), isPart)
          t.notMatch(response.reason, expected.status === 200 ? 'Partial' : 'OK')
        }
      })
    }
  })
}

/** A way to a server that reads trailers. */
async function serveOver(
  t: Test,
  name: string,
): Promise<(ask: Ask) => ReturnType<(typeof TRANSPORTS)[number]['ask']>> {
  const transport = TRANSPORTS.find((transport) => transport.name === name)
  if (transport === undefined) throw new Error(name)
  const { server } = transport
  const { port } = await serve(t, { plugin: { root: t.testdir(FILES) }, server, routes: addRoutes })
  return (ask) => transport.ask(port, ask)
}

t.test('an HTTP/1.1 answer with trailers of Fastify is framed once', async (t) => {
  const askOver = await serveOver(t, 'HTTP/1.1')
  for (const { ask, status, length } of ASKS) {
    const { headers, ...answer } = await askOver({ ...ask, path: `/trailers/${ask.path}` })
    t.equal(answer.status, status)
    if (length !== undefined) t.equal(answer.body.length, length)
    const isChunked = headers['transfer-encoding'] === 'chunked'
    t.equal(isChunked, status !== 304)
    t.notOk(isChunked && headers['content-length'] !== undefined)
    t.equal(headers['trailer'], isChunked ? 'x-sum' : undefined)
  }
})

for (const way of Object.keys(WAYS)) {
  t.test(`an HTTP/2 answer has no field of a connection, with any fields set (${way})`, async (t) => {
    const askOver = await serveOver(t, 'HTTP/2')
    for (const key of [...Object.keys(FIELDS), 'trailers']) {
      await t.test(key, async (t) => {
        for (const { ask, status, length } of ASKS) {
          const path = key === 'trailers' ? `/trailers/${ask.path}` : `/${way}/${key}/${ask.path}`
          const answer = await askOver({ ...ask, path })
          t.equal(answer.status, status)
          if (length !== undefined) t.equal(answer.body.length, length)
          t.notOk(Object.keys(answer.headers).find((name) => CONNECTION.test(name)))
        }
      })
    }
  })
}

t.test('an answer to HTTP/1.0 has a Content-Length and no Transfer-Encoding', async (t) => {
  const { port } = await serveFiles(t, { files: FILES, routes: addRoutes })
  for (const key of Object.keys(FIELDS)) {
    const connection = await RawConnection.open(port)
    connection.socket.write(`GET /reply/${key}/f.txt HTTP/1.0\r\n\r\n`)
    const response = await connection.read()
    const names = fieldNames(response)
    t.equal(response.body.length, 1000, key)
    t.ok(names.includes('content-length'), key)
    t.notOk(
      names.some((name) => name === 'transfer-encoding' || name === 'trailer'),
      key,
    )
    connection.close()
  }
})

/** Fields that cannot be sent. Node throws for them while it writes the head. */
const UNSENDABLE: Readonly<Record<string, readonly [string, string | string[]]>> = {
  pseudo: [':status', '204'],
  name: ['bad name', 'x'],
  line: ['x-v', 'a\r\nb: c'],
  'one-of-two': ['x-v', ['a', 'b\0']],
  snowman: ['x-v', '☃'],
}

t.test('a field that cannot be sent is a coded error without that field', async (t) => {
  const errors: unknown[] = []
  const routes = (app: FastifyInstance): void => {
    app.addHook('onError', async (_request, _reply, error) => void errors.push(error))
    app.get<{ Params: { key: string; name: string } }>('/set/:key/:name', ({ params }, reply) =>
      reply.header(...(UNSENDABLE[params.key] ?? ['x', ''])).sendRange(params.name),
    )
  }
  const { ask } = await serveFiles(t, { files: FILES, routes })
  for (const key of Object.keys(UNSENDABLE)) {
    for (const { ask: asked } of ASKS) {
      const { status, reason, body } = await ask(rawRequest(asked, `/set/${key}/${asked.path}`))
      t.equal(`${status} ${reason}`, '500 Internal Server Error', key)
      if (asked.method !== 'HEAD') t.equal(JSON.parse(body.toString()).code, 'ERR_RANGE_OPTION')
    }
  }
  t.equal(errors.length, Object.keys(UNSENDABLE).length * ASKS.length)
})

t.test('the fields of an error of a source do not frame the answer', async (t) => {
  const headers = { trailer: 'x', 'transfer-encoding': 'gzip', 'content-length': '5', 'x-v': 'y' }
  const source = {
    open() {
      throw Object.assign(new Error('gone'), { statusCode: 410, headers })
    },
  }
  const { ask } = await serveFiles(t, { files: {}, plugin: { source } })
  const response = await ask({ target: '/files/x' })
  t.equal(response.status, 410)
  t.equal(JSON.parse(response.body.toString()).message, 'gone')
  t.ok(fieldNames(response).includes('x-v'))
})

t.test('an option of a call with such a field is a coded error', async (t) => {
  const routes = (app: FastifyInstance): void => {
    app.get<{ Params: { key: string } }>('/option/:key', ({ params }, reply) => {
      const [name, value] = FIELDS[params.key] ?? ['x', '']
      return reply.sendRange('f.txt', { headers: { [name]: String(value) } })
    })
  }
  const { ask } = await serveFiles(t, { files: FILES, routes })
  for (const key of Object.keys(FIELDS)) {
    const { status, reason, body } = await ask({ target: `/option/${key}` })
    t.equal(`${status} ${reason}`, '500 Internal Server Error', key)
    t.equal(JSON.parse(body.toString()).code, 'ERR_RANGE_OPTION', key)
  }
})
