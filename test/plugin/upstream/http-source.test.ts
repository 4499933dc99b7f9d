import { fileSource, firstOf, type StreamedRepresentation } from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { serve, until } from '../support/serve.ts'
import { distinctBytes, LONG_AGO, Origin, type Stored } from './support/origin.ts'

const CONTENT = distinctBytes(8 * 1024 * 1024)

const SMALL: Stored = { bytes: Buffer.from('0123456789'), etag: '"s"', lastModified: LONG_AGO }

async function served(t: Test, stored: Stored = SMALL) {
  const origin = await Origin.start(t)
  origin.objects.set('/f', stored)
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, retries: 0 })
  const { app } = await serve(t, { plugin: { source } })
  return { origin, app }
}

t.test('an empty object is served', async (t) => {
  const { app } = await served(t, { ...SMALL, bytes: Buffer.alloc(0) })
  const whole = await app.inject('/f')
  t.equal(whole.statusCode, 200)
  t.equal(whole.headers['content-length'], '0')
  t.equal((await app.inject({ method: 'HEAD', url: '/f' })).headers['content-length'], '0')
  const range = await app.inject({ url: '/f', headers: { range: 'bytes=0-' } })
  t.equal(range.statusCode, 416)
  t.equal(range.headers['content-range'], 'bytes */0')
  t.equal((await app.inject({ url: '/f', headers: { range: 'bytes=5-9' } })).statusCode, 416)
})

t.test('fields of the object that are named reach the client, others do not', async (t) => {
  const fields = {
    'cache-control': 'max-age=60',
    'content-language': 'de',
    'content-type': 'video/mp4',
    expires: LONG_AGO,
    server: 'a store',
    'x-amz-request-id': 'secret',
  }
  const { app } = await served(t, { ...SMALL, fields })
  const { headers } = await app.inject('/f')
  t.match(headers, {
    'cache-control': 'max-age=60',
    'content-language': 'de',
    'content-type': 'video/mp4',
    etag: '"s"',
  })
  t.equal(headers.expires, LONG_AGO)
  t.equal(headers['last-modified'], LONG_AGO)
  t.equal(headers.server, undefined)
  t.equal(headers['x-amz-request-id'], undefined)
})

t.test('an object that is missing for a moment, while it is overwritten, is served', async (t) => {
  const { origin, app } = await served(t)
  let isMissing = false
  origin.answer = (_got, response) => {
    if (!isMissing) return false
    isMissing = false
    response.writeHead(404).end()
    return true
  }
  for (const range of ['bytes=1-2', 'bytes=-2', 'bytes=3-']) {
    t.equal((await app.inject({ url: '/f', headers: { range } })).statusCode, 206)
    isMissing = true
    t.equal((await app.inject({ url: '/f', headers: { range } })).statusCode, 206)
  }
  origin.objects.clear()
  const before = origin.got.length
  for (const asked of [2, 3]) {
    t.equal((await app.inject('/f')).statusCode, 404)
    t.equal(origin.got.length - before, asked, 'the second time it is known to be gone')
  }
})

t.test('an object that is stored gzipped goes out as it is stored', async (t) => {
  const { app } = await served(t, { ...SMALL, fields: { 'content-encoding': 'gzip' } })
  const { headers, body } = await app.inject({ url: '/f', headers: { range: 'bytes=1-2' } })
  t.equal(headers['content-encoding'], 'gzip')
  t.equal(body, '12')
})

t.test('with a strong date only, the date pins the version', async (t) => {
  const { origin, app } = await served(t, { bytes: SMALL.bytes, lastModified: LONG_AGO })
  const answer = await app.inject({ url: '/f', headers: { range: 'bytes=-2' } })
  t.equal(answer.body, '89')
  t.equal(origin.got[1]?.headers['if-unmodified-since'], LONG_AGO)
})

for (const [name, stored] of Object.entries({
  'without a validator': { bytes: SMALL.bytes },
  'with a weak tag only': { bytes: SMALL.bytes, etag: 'W/"s"' },
  'with a tag that is not valid': { bytes: SMALL.bytes, etag: 'unquoted' },
  'with a date of now only': { bytes: SMALL.bytes, lastModified: new Date().toUTCString() },
})) {
  t.test(`an object ${name} has no ranges`, async (t) => {
    const { origin, app } = await served(t, stored)
    const whole = await app.inject('/f')
    t.equal(whole.headers['accept-ranges'], 'none')
    t.equal(whole.body, '0123456789')
    t.equal(origin.got.length, 1)
    const answer = await app.inject({ url: '/f', headers: { range: 'bytes=2-4' } })
    t.equal(answer.statusCode, 200)
    t.equal(answer.body, '0123456789')
  })
}

t.test('an origin that knows no ranges is served as a whole', async (t) => {
  const { origin, app } = await served(t)
  origin.answer = (got, response) => {
    response.writeHead(200, { etag: '"s"', 'content-length': 10 }).end(got.url === '/f' ? SMALL.bytes : '')
    return true
  }
  const answer = await app.inject({ url: '/f', headers: { range: 'bytes=2-4' } })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['accept-ranges'], 'none')
  t.equal(answer.body, '0123456789')
  t.equal(origin.got.length, 1)
})

t.test('odd names reach the origin as one name each', async (t) => {
  const { httpSource: make, encodePath } = await import('fastify-send-range/http')
  const origin = await Origin.start(t)
  const source = make({ url: (path) => `${origin.url}/${encodePath(path)}` })
  const { app } = await serve(t, { plugin: { source, targetSpelling: 'ignore' } })
  for (const name of [
    'a b',
    'a+b',
    '100%',
    'é',
    "!'()*@=&",
    '🎈',
    'a?b#c',
    '%2e%2e',
    '.hidden',
    'x/y;z=1',
    '~a,b:c$',
  ]) {
    origin.objects.set(`/${name}`, { ...SMALL, bytes: Buffer.from(name) })
    const answer = await app.inject({ url: `/${encodePath(name)}` })
    t.equal(answer.body, name)
  }
})

t.test('paths that a store may read as another name are refused before a request', async (t) => {
  const { origin } = await served(t)
  const source = httpSource({ url: (path) => `${origin.url}/${path}` })
  const context = { signal: new AbortController().signal }
  for (const path of ['a/./b', 'a//b', '/a', 'a/', 'x'.repeat(1025)])
    t.equal(await source.open(path, context), undefined, path.slice(0, 10))
  for (const path of ['', 'a\0b', 'a\\b', '\ud800'])
    await t.rejects(async () => source.open(path, context), { code: 'ERR_RANGE_PATH_INVALID' })
  await t.rejects(async () => source.open('a/../b', context), { code: 'ERR_RANGE_PATH_FORBIDDEN' })
  t.equal(origin.got.length, 0)
})

t.test('files come first, and then the objects of another server', async (t) => {
  const origin = await Origin.start(t)
  for (const name of ['/file', '/object']) origin.objects.set(name, SMALL)
  const root = t.testdir({ file: 'of the disk' })
  const source = firstOf(fileSource({ root }), httpSource({ url: (path) => `${origin.url}/${path}` }))
  const { app } = await serve(t, { plugin: { source } })
  t.equal((await app.inject('/file')).body, 'of the disk')
  t.equal(origin.got.length, 0)
  t.equal((await app.inject({ url: '/object', headers: { range: 'bytes=2-4' } })).body, '234')
  t.equal((await app.inject('/nothing')).statusCode, 404)
})

t.test('a read that nobody begins keeps no connection', async (t) => {
  const origin = await Origin.start(t)
  origin.objects.set('/f', { ...SMALL, bytes: CONTENT })
  const source = httpSource({ url: (path) => `${origin.url}/${path}` })
  const { signal } = new AbortController()
  const opened = (await source.open('f', { signal, wanted: { kind: 'whole' } })) as StreamedRepresentation
  opened.read({ first: 0, last: CONTENT.length - 1 }, signal)
  await opened.close()
  await until(() => origin.sockets.size === 0)
  t.equal(origin.got.length, 1)
})

t.test('surplus bytes behind an answer do not fail the next one on the connection', async (t) => {
  const { origin, app } = await served(t)
  t.equal((await app.inject('/f')).statusCode, 200)
  origin.answer = ({ number }, { socket }) => {
    if (number === 2) socket?.write('surplus\r\n')
    return number === 2
  }
  const { statusCode, rawPayload } = await app.inject('/f')
  t.equal(statusCode, 200)
  t.ok(rawPayload.equals(SMALL.bytes))
  t.equal(origin.got.length, 3)
  t.equal(origin.connections, 2)
})

t.test('connections that are kept end with the server', async (t) => {
  const { origin, app } = await served(t)
  t.equal((await app.inject('/f')).statusCode, 200)
  t.equal(origin.sockets.size, 1)
  const closed = new Promise((resolve) => [...origin.sockets][0]?.once('close', resolve))
  await app.close()
  await closed
  t.equal(origin.sockets.size, 0)
})

t.test('wrong options are refused', async (t) => {
  const url = () => 'http://127.0.0.1'
  const wrong: Record<string, unknown>[] = [
    {},
    { url: 'http://127.0.0.1' },
    { url, sign: true },
    { url, headers: { range: 'bytes=0-1' } },
    { url, headers: { Host: 'a' } },
    { url, headers: { a: 'b\r\nc' } },
    { url, fields: ['etag'] },
    { url, fields: 'etag' },
    { url, forbidden: 404 },
    { url, maxConnections: 0 },
    { url, retries: -1 },
    { url, parkafter: 1 },
  ]
  for (const options of wrong)
    t.throws(() => httpSource(options as never), { code: 'ERR_RANGE_OPTION' }, JSON.stringify(options))
})
