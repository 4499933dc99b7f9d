import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { bufferSource, type FileFacts, type HeadersFunction, type SendRangeOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

const MTIME_SECONDS = 784_111_777

async function serveWith(t: Test, plugin: SendRangeOptions): Promise<FastifyInstance> {
  const root = t.testdir({ 'a.txt': '0123456789' })
  utimesSync(join(root, 'a.txt'), MTIME_SECONDS, MTIME_SECONDS)
  const { app } = await serve(t, {
    plugin: { root, ...plugin },
    routes: (app) => {
      app.get('/file', (_request, reply) => reply.sendRange('a.txt'))
      app.get('/own', (_request, reply) => reply.header('x-made', 'own').sendRange('a.txt'))
      app.get('/none', (_request, reply) => reply.sendRange('none.txt'))
      const source = bufferSource(Buffer.from('bytes'), { contentType: 'text/plain' })
      app.get('/memory', (_request, reply) => reply.sendRange('b.txt', { source }))
    },
  })
  return app
}

t.test('a headers function makes fields by the path, the size and the mtime of the file', async (t) => {
  const calls: FileFacts[] = []
  const app = await serveWith(t, {
    headers: (file) => {
      calls.push(file)
      return { 'X-Made': `${file.size}`, 'x-left-out': undefined }
    },
  })
  const part = await app.inject({ url: '/file', headers: { range: 'bytes=0-3' } })
  t.equal(part.statusCode, 206)
  t.equal(part.headers['x-made'], '10')
  t.notOk('x-left-out' in part.headers)
  t.strictSame(calls, [{ path: 'a.txt', size: 10, mtimeMs: MTIME_SECONDS * 1000 }], 'called once')
  await app.inject('/memory')
  t.strictSame(calls[1], { path: 'b.txt', size: 5, mtimeMs: undefined })
  t.equal((await app.inject('/none')).statusCode, 404)
  t.equal(calls.length, 2, 'not called for what is not there')
})

t.test('fields of the handler come before those of a headers function', async (t) => {
  const app = await serveWith(t, { headers: () => ({ 'X-Made': 'function' }) })
  t.equal((await app.inject('/own')).headers['x-made'], 'own')
  t.equal((await app.inject('/file')).headers['x-made'], 'function')
})

t.test('a Cache-Control of a headers function replaces that of the option, also on a 304', async (t) => {
  const app = await serveWith(t, {
    cacheControl: { maxAge: 60 },
    headers: ({ path }) => (path === 'a.txt' ? { 'Cache-Control': 'no-cache', 'x-made': 'x' } : undefined),
  })
  const whole = await app.inject('/file')
  t.equal(whole.headers['cache-control'], 'no-cache')
  t.equal((await app.inject('/memory')).headers['cache-control'], 'max-age=60')
  const same = await app.inject({ url: '/file', headers: { 'if-none-match': String(whole.headers.etag) } })
  t.equal(same.statusCode, 304)
  t.equal(same.headers['cache-control'], 'no-cache')
  t.notOk('x-made' in same.headers)
})

t.test('a field about the message that a function sets on the reply itself is replaced', async (t) => {
  const root = t.testdir({ 'a.txt': 'a'.repeat(1000) })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.get('/file', (_request, reply) => {
        const setFields = (): void =>
          void reply.headers({ 'content-range': 'bytes 5-6/7', 'content-length': '3' })
        return reply.sendRange('a.txt', { headers: setFields as HeadersFunction })
      })
    },
  })
  for (const [range, expected] of [
    ['', undefined],
    ['bytes=0-3', 'bytes 0-3/1000'],
    ['bytes=0-3,500-503', undefined],
  ] as const) {
    const { headers, body } = await app.inject({ url: '/file', headers: { range } })
    t.equal(headers['content-range'], expected, range)
    t.equal(headers['content-length'], String(body.length), range)
  }
})

t.test('no error has fields of a headers function', async (t) => {
  const app = await serveWith(t, { headers: () => ({ 'x-made': 'x', 'cache-control': 'max-age=60' }) })
  const beyond = await app.inject({ url: '/file', headers: { range: 'bytes=99-' } })
  t.equal(beyond.statusCode, 416)
  for (const name of ['x-made', 'cache-control']) t.notOk(name in beyond.headers, name)
})

const WRONG: Readonly<Record<string, () => unknown>> = {
  'that throws': () => {
    throw new Error('/srv/secret')
  },
  'that throws no Error': () => {
    throw null
  },
  'that returns a promise': async () => ({ 'x-a': 'b' }),
  'that returns a promise that is rejected': async () => Promise.reject(new Error('/srv/secret')),
  'that returns a text': () => 'x-a: b',
  'that returns null': () => null,
  'that returns a Map': () => new Map([['x-a', 'b']]),
  'that returns a number as a value': () => ({ 'x-a': 1 }),
  'that returns a promise as a value': () => ({ 'x-a': Promise.reject(new Error('/srv/secret')) }),
  'that returns a line break': () => ({ 'x-a': 'a\r\nb: c' }),
  'that returns a name that is none': () => ({ 'x a': 'b' }),
  'that returns a field of the answer': () => ({ 'Content-Length': '5' }),
  'that returns a field with another option': () => ({ ETag: '"a"' }),
  'that returns what throws when it is read': () => ({
    get 'x-a'() {
      throw new Error('/srv/secret')
    },
  }),
}

t.test('the error of a headers function names the field that is wrong', async (t) => {
  for (const [fields, name] of [
    [{ 'x-a': 'a', 'Content-Type': 'text/css' }, "'Content-Type' is wrong"],
    [{ 'x-a': 'b\r\nc: d' }, "'x-a' is wrong"],
    [{ 'x a\r\n': 'b' }, 'A name is wrong'],
  ] as const) {
    const app = await serveWith(t, { headers: () => fields })
    const { message } = (await app.inject('/file')).json()
    t.match(message, name)
    t.notMatch(message, '\n')
  }
})

for (const [name, headers] of Object.entries(WRONG)) {
  t.test(`a headers function ${name} is ERR_RANGE_OPTION and reveals nothing`, async (t) => {
    const app = await serveWith(t, { headers: headers as HeadersFunction })
    const answer = await app.inject('/file')
    t.equal(answer.statusCode, 500)
    t.match(answer.json(), { code: 'ERR_RANGE_OPTION', message: /^The headers function/ })
    t.notMatch(answer.body, 'secret')
    t.notOk('etag' in answer.headers)
  })
}

t.test('a headers function is given no date that cannot exist', async (t) => {
  const calls: FileFacts[] = []
  const source = {
    open: () => ({ size: 0, lastModified: new Date(Number.NaN), readAt: async () => 0, close() {} }),
  }
  const app = await serveWith(t, {
    source,
    headers: (file) => {
      calls.push(file)
      return {}
    },
  })
  t.equal((await app.inject('/file')).statusCode, 200)
  t.strictSame(calls, [{ path: 'a.txt', size: 0, mtimeMs: undefined }])
})
