import Fastify, { type FastifyInstance } from 'fastify'
import { type PositionalRepresentation, type RangeSource, rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'

const BYTES = Buffer.from('0123456789'.repeat(100))

interface Counted {
  readonly app: FastifyInstance
  /** Every byte that was read, and how often representations were opened and closed, since the last look. */
  take(): { read: number; opened: number; closed: number }
}

async function counted(t: Test, more: Partial<PositionalRepresentation> = {}): Promise<Counted> {
  let counts = { read: 0, opened: 0, closed: 0 }
  const source: RangeSource = {
    open() {
      counts.opened++
      return {
        size: BYTES.length,
        etag: '"v1"',
        async readAt(target, position) {
          const count = BYTES.copy(target, 0, position)
          counts.read += count
          return count
        },
        close() {
          counts.closed++
        },
        ...more,
      }
    },
  }
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin, { source })
  app.get('/', (_request, reply) => reply.sendRange('a.txt'))
  const take = (): typeof counts => {
    const taken = counts
    counts = { read: 0, opened: 0, closed: 0 }
    return taken
  }
  return { app, take }
}

t.test('only the bytes that are sent are read, and each representation is closed once', async (t) => {
  const { app, take } = await counted(t)
  const rows = [
    { name: '200', method: 'GET', headers: {}, status: 200, read: 1000 },
    { name: '206', method: 'GET', headers: { range: 'bytes=5-9' }, status: 206, read: 5 },
    {
      name: '206 of several parts',
      method: 'GET',
      headers: { range: 'bytes=5-9,20-21' },
      status: 206,
      read: 7,
    },
    {
      name: '206 of ranges that were joined',
      method: 'GET',
      headers: { range: 'bytes=5-9,8-11' },
      status: 206,
      read: 7,
    },
    { name: '304', method: 'GET', headers: { 'if-none-match': '"v1"' }, status: 304, read: 0 },
    { name: '412', method: 'GET', headers: { 'if-match': '"v0"' }, status: 412, read: 0 },
    { name: '416', method: 'GET', headers: { range: 'bytes=1000-' }, status: 416, read: 0 },
    { name: 'HEAD', method: 'HEAD', headers: {}, status: 200, read: 0 },
    { name: 'HEAD with a range', method: 'HEAD', headers: { range: 'bytes=5-9' }, status: 200, read: 0 },
    { name: 'HEAD, 304', method: 'HEAD', headers: { 'if-none-match': '"v1"' }, status: 304, read: 0 },
  ] as const
  for (const { name, method, headers, status, read } of rows) {
    const answer = await app.inject({ method, url: '/', headers })
    t.equal(answer.statusCode, status, name)
    t.strictSame(take(), { read, opened: 1, closed: 1 }, name)
  }
})

t.test('fields of the handler do not stay on an answer that is not the file', async (t) => {
  const { app, take } = await counted(t)
  app.get('/set', (request, reply) =>
    reply
      .headers({
        'content-type': 'video/mp4',
        'content-language': 'en',
        'content-encoding': 'identity',
        'content-disposition': 'attachment',
        'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
        'cache-control': 'public, max-age=31536000, immutable',
        expires: 'Fri, 31 Dec 9999 23:59:59 GMT',
        etag: '"own"',
        vary: 'origin',
        'x-own': 'kept',
      })
      .sendRange('a', request.headers['x-none'] === undefined ? {} : { source: { open: () => undefined } }),
  )
  const ofTheFile = [
    'content-language',
    'content-encoding',
    'content-disposition',
    'last-modified',
    'accept-ranges',
  ]
  const rows = [
    {
      name: '304',
      headers: { 'if-none-match': '"own"' },
      status: 304,
      gone: [...ofTheFile, 'content-type', 'content-length'],
    },
    {
      name: '412',
      headers: { 'if-match': '"v1"' },
      status: 412,
      gone: [...ofTheFile, 'etag', 'cache-control', 'expires'],
    },
    {
      name: '416',
      headers: { range: 'bytes=1000-' },
      status: 416,
      gone: [...ofTheFile.filter((name) => name !== 'accept-ranges'), 'etag', 'cache-control', 'expires'],
    },
    {
      name: '404',
      headers: { 'x-none': '1' },
      status: 404,
      gone: [...ofTheFile, 'etag', 'cache-control', 'expires'],
    },
  ]
  for (const { name, headers, status, gone } of rows) {
    const answer = await app.inject({ url: '/set', headers: { ...headers } })
    t.equal(answer.statusCode, status, name)
    t.strictSame(
      gone.filter((field) => answer.headers[field] !== undefined),
      [],
      `${name}: gone`,
    )
    t.match(answer.headers, { vary: 'origin', 'x-own': 'kept' }, `${name}: kept`)
    if (status === 304)
      t.match(answer.headers, { etag: '"own"', 'cache-control': /immutable/, expires: /9999/ })
    else t.match(answer.headers['content-type'], /^application\/json/, `${name}: the type of the error`)
  }
  take()
})

t.test('§15.5.17 a 416 has its fields with an error handler of the application too', async (t) => {
  const { app } = await counted(t)
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ own: error.code }),
  )
  const answer = await app.inject({ url: '/', headers: { range: 'bytes=1000-' } })
  t.equal(answer.statusCode, 416)
  t.match(answer.headers, { 'content-range': 'bytes */1000', 'accept-ranges': 'bytes' })
  t.strictSame(answer.json(), { own: 'ERR_RANGE_NOT_SATISFIABLE' })
  const failed = await app.inject({ url: '/', headers: { 'if-match': '"v0"' } })
  t.equal(failed.statusCode, 412)
  t.equal(failed.headers['content-range'], undefined)
})

t.test('a Content-Type that would end the head of a part is refused', async (t) => {
  const evil = 'text/plain\r\nContent-Range: bytes 0-99/100'
  const { app } = await counted(t, { contentType: evil })
  app.get('/function', (_request, reply) => reply.sendRange('a', { contentType: () => evil }))
  app.get('/empty', (_request, reply) => reply.sendRange('a', { contentType: () => '' }))
  app.get('/handler', (_request, reply) => reply.header('content-type', evil).sendRange('a'))
  app.get('/fine', (_request, reply) => reply.sendRange('a', { contentType: () => 'text/x-fine' }))
  const rows = [
    { url: '/', code: 'ERR_RANGE_SOURCE' },
    { url: '/function', code: 'ERR_RANGE_OPTION' },
    { url: '/empty', code: 'ERR_RANGE_OPTION' },
    { url: '/handler', code: 'ERR_RANGE_OPTION' },
  ]
  for (const { url, code } of rows) {
    for (const range of ['bytes=0-4', 'bytes=0-4,10-14', 'bytes=1000-2000', 'x']) {
      const answer = await app.inject({ url, headers: { range } })
      if (answer.statusCode === 416) continue
      t.equal(answer.statusCode, 500, `${url} ${range}`)
      t.equal(answer.json().code, code)
      t.notOk(answer.payload.includes('0-99'))
    }
  }
  const { statusCode, payload } = await app.inject({ url: '/fine', headers: { range: 'bytes=0-4,10-14' } })
  t.equal(statusCode, 206)
  t.equal(payload.match(/^Content-Type: text\/x-fine\r$/gm)?.length, 2)
})
