import { execFile } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { REPOSITORY } from '../../support/repository.ts'
import { serve, until } from '../support/serve.ts'
import { type Answer, LONG_AGO, Origin } from './support/origin.ts'
import { BYTES, OVERLOADED, refusing, SECRET, UPSTREAM, type WrongAnswer } from './support/wrong-answers.ts'

/** An answer with a part, right except for what is given. */
function part(fields: Record<string, string | number>, body = '234', status = 206): Answer {
  return (_, response) => {
    const right = { etag: '"v"', 'content-range': 'bytes 2-4/10', 'content-length': body.length }
    response.writeHead(status, { ...right, ...fields }).end(body)
    return true
  }
}

/** Bytes on the connection, whatever they are. */
function raw(write: (response: ServerResponse) => void): Answer {
  return (_, response) => {
    write(response)
    return true
  }
}

const ROWS: readonly WrongAnswer[] = [
  { name: 'NoSuchKey', answer: refusing(404, 'NoSuchKey'), status: 404 },
  { name: '404 without a body', answer: refusing(404), status: 404 },
  { name: '410', answer: refusing(410), status: 404 },
  { name: 'NoSuchBucket', answer: refusing(404, 'NoSuchBucket'), ...UPSTREAM, cause: /404 NoSuchBucket/ },
  { name: 'AccessDenied', answer: refusing(403, 'AccessDenied'), status: 404 },
  { name: '403 without a code', answer: refusing(403), status: 404 },
  {
    name: 'SignatureDoesNotMatch',
    answer: refusing(403, 'SignatureDoesNotMatch'),
    ...UPSTREAM,
    cause: /403 SignatureDoesNotMatch/,
  },
  {
    name: 'RequestTimeTooSkewed',
    answer: refusing(403, 'RequestTimeTooSkewed'),
    ...UPSTREAM,
    cause: /RequestTimeTooSkewed/,
  },
  {
    name: 'the code of Azure in a field',
    answer: refusing(403, undefined, { 'x-ms-error-code': 'AuthenticationFailed' }),
    ...UPSTREAM,
    cause: /AuthenticationFailed/,
  },
  { name: 'a wrong region', answer: refusing(400, 'AuthorizationHeaderMalformed'), ...UPSTREAM },
  {
    name: 'PermanentRedirect',
    answer: refusing(301, 'PermanentRedirect', { location: 'http://x/' }),
    ...UPSTREAM,
  },
  { name: 'a redirect', answer: refusing(307, undefined, { location: '/other' }), ...UPSTREAM, cause: /307/ },
  { name: '401', answer: refusing(401), ...UPSTREAM },
  {
    name: 'an archived object',
    answer: refusing(403, 'InvalidObjectState'),
    status: 502,
    code: 'ERR_RANGE_ARCHIVED',
  },
  {
    name: 'an archived blob',
    answer: refusing(409, 'BlobArchived'),
    status: 502,
    code: 'ERR_RANGE_ARCHIVED',
  },
  { name: 'SlowDown', answer: refusing(503, 'SlowDown'), ...OVERLOADED, cause: /503 SlowDown/ },
  { name: '429', answer: refusing(429, undefined, { 'retry-after': '120' }), ...OVERLOADED },
  { name: '500', answer: refusing(500), ...OVERLOADED },
  { name: '304 without a condition', answer: refusing(304), ...UPSTREAM },
  { name: '204', answer: refusing(204), ...UPSTREAM },
  { name: '412 without a condition', answer: refusing(412), ...UPSTREAM },
  { name: 'a reset', answer: raw(({ socket }) => socket?.resetAndDestroy()), ...OVERLOADED },
  { name: 'an end without an answer', answer: raw(({ socket }) => socket?.end()), ...OVERLOADED },
  { name: 'bytes that are not HTTP', answer: raw(({ socket }) => socket?.end('SSH-2.0\r\n')), ...UPSTREAM },
  {
    name: 'another protocol',
    answer: raw(({ socket }) =>
      socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ),
    ...UPSTREAM,
    cause: /101/,
  },
  {
    name: 'a head without end',
    answer: raw(({ socket }) => {
      socket?.write('HTTP/1.1 206 Partial Content\r\n')
      const line = `x-line: ${'x'.repeat(8000)}\r\n`
      for (let count = 0; count < 20; count++) socket?.write(line)
    }),
    ...UPSTREAM,
  },
  {
    name: '1xx before the answer',
    answer: raw(({ socket }) => {
      const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n'
      socket?.write(`${hint}HTTP/1.1 100 Continue\r\n\r\n${hint}`)
      socket?.write(
        'HTTP/1.1 206 x\r\nETag: "v"\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234',
      )
    }),
    status: 206,
  },
  {
    name: '1xx without end',
    answer: raw(({ socket }) => {
      const timer = setInterval(() => socket?.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20)
      socket?.once('close', () => clearInterval(timer))
    }),
    ...OVERLOADED,
    cause: /no answer/,
  },
  { name: 'no answer', answer: raw(() => {}), ...OVERLOADED, cause: /no answer/ },
  { name: 'an earlier range', answer: part({ 'content-range': 'bytes 1-3/10' }), ...UPSTREAM },
  { name: 'a shorter range', answer: part({ 'content-range': 'bytes 2-3/10' }, '23'), ...UPSTREAM },
  { name: 'a longer range', answer: part({ 'content-range': 'bytes 2-5/10' }, '2345'), ...UPSTREAM },
  { name: 'no Content-Range', answer: part({ 'content-range': '' }), ...UPSTREAM },
  { name: 'an unknown length', answer: part({ 'content-range': 'bytes 2-4/*' }), ...UPSTREAM },
  { name: 'a range of another unit', answer: part({ 'content-range': 'lines 2-4/10' }), ...UPSTREAM },
  { name: 'a backward range', answer: part({ 'content-range': 'bytes 4-2/10' }), ...UPSTREAM },
  { name: 'a length below the range', answer: part({ 'content-range': 'bytes 2-4/3' }), ...UPSTREAM },
  { name: 'another Content-Length', answer: part({ 'content-length': 4 }, '2345'), ...UPSTREAM },
  {
    name: 'a 200 without a length',
    answer: raw((response) => response.writeHead(200).end(BYTES)),
    ...UPSTREAM,
  },
]

async function servedBy(t: Test, answer: Answer, options: object = {}) {
  const origin = await Origin.start(t, answer)
  origin.objects.set('/f', { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  const limits = { retries: 0, responseTimeout: 200, stallTimeout: 200 }
  const url = (path: string): string => `${origin.url}/${path}?signature=${SECRET}`
  const headers = { authorization: SECRET }
  const source = httpSource({ url, headers, ...limits, ...options })
  return { origin, source, ...(await serve(t, { plugin: { source } })) }
}

/** Prints the answer while all descriptors are in use, and then one with descriptors. Its argument is a URL. */
const WITHOUT_DESCRIPTORS = `
import Fastify from 'fastify'
import { closeSync, openSync } from 'node:fs'
import rangePlugin from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
const app = Fastify()
await app.register(rangePlugin, { source: httpSource({ url: () => process.argv[1], retries: 1 }) })
app.get('/f', (request, reply) => reply.sendRange('f'))
const ask = () => app.inject({ url: '/f', headers: { range: 'bytes=2-4' } })
await app.inject('/nothing') // loads all that is loaded late
const open = []
try {
  for (;;) open.push(openSync('/dev/null'))
} catch {}
const answer = await ask()
for (const descriptor of open) closeSync(descriptor)
console.log(answer.statusCode, answer.json().code, answer.headers['retry-after'])
console.log((await ask()).statusCode)
process.exit()
`

const RANGE = { url: '/f', headers: { range: 'bytes=2-4' } }

for (const { name, answer, status, code, cause } of ROWS) {
  t.test(`an origin that answers with ${name}: ${code ?? status}`, async (t) => {
    const { app, log, errors } = await servedBy(t, answer)
    const got = await app.inject(RANGE)
    t.equal(got.statusCode, status)
    t.notMatch(JSON.stringify([got.headers, got.body]), new RegExp(`${SECRET}|127\\.0\\.0\\.1`))
    if (code !== undefined) {
      t.equal(got.json().code, code)
      t.equal(errors().length, 1, 'it is logged once')
    }
    if (code === 'ERR_RANGE_OVERLOADED') t.match(got.headers['retry-after'], /^(?:1|120)$/)
    if (cause !== undefined) t.match(JSON.stringify(errors()), cause)
    t.notMatch(JSON.stringify(log), new RegExp(SECRET))
    if (status === 206) t.equal(got.body, '234')
  })
}

t.test('an object that is forbidden is a 502 if the option says so', async (t) => {
  const { app } = await servedBy(t, refusing(403, 'AccessDenied'), { forbidden: 'error' })
  const got = await app.inject(RANGE)
  t.equal(got.statusCode, 502)
  t.equal(got.json().code, 'ERR_RANGE_UPSTREAM')
})

t.test('failures that pass are tried again, others are not', async (t) => {
  for (const [answer, tries] of [
    [refusing(503, 'SlowDown'), 3],
    [raw(({ socket }) => socket?.resetAndDestroy()), 3],
    [refusing(403, 'SignatureDoesNotMatch'), 1],
    [refusing(503, 'SlowDown', { 'retry-after': '60' }), 1],
  ] as const) {
    const { app, origin } = await servedBy(t, answer, { retries: 2 })
    await app.inject(RANGE)
    t.equal(origin.got.length, tries)
  }
  const { app, origin } = await servedBy(
    t,
    (got, response) => (got.number < 3 ? refusing(500)(got, response) : false),
    { retries: 2 },
  )
  t.equal((await app.inject(RANGE)).body, '234')
  t.equal(origin.got.length, 3)
})

t.test('an error with a body that does not end takes no more than its begin', async (t) => {
  const { app, origin } = await servedBy(
    t,
    (_, response) => {
      response.writeHead(404, { 'content-length': 1e12 })
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', write)
      write()
      return true
    },
    { stallTimeout: 600_000, responseTimeout: 600_000 },
  )
  t.equal((await app.inject(RANGE)).statusCode, 404)
  await until(() => origin.sockets.size === 0)
})

t.test('a process without descriptors answers with a 503', async (t) => {
  const origin = await Origin.start(t)
  origin.objects.set('/f', { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  const line = 'ulimit -n 100; exec "$0" --input-type=module -e "$1" "$2"'
  const args = ['-c', line, process.execPath, WITHOUT_DESCRIPTORS, `${origin.url}/f`]
  const { stdout } = await promisify(execFile)('sh', args, { cwd: REPOSITORY })
  t.equal(stdout, '503 ERR_RANGE_OVERLOADED 1\n206\n')
})

t.test('a connection that cannot be made is a 503', async (t) => {
  const source = httpSource({ url: () => 'http://127.0.0.1:1/f', retries: 1 })
  const { app } = await serve(t, { plugin: { source } })
  const got = await app.inject(RANGE)
  t.equal(got.statusCode, 503)
  t.equal(got.headers['retry-after'], '1')
})

t.test('a connection that the origin has closed meanwhile costs no try', async (t) => {
  const { app, origin } = await servedBy(t, (got, { socket }) => {
    if (got.number !== 2) return false
    socket?.destroy()
    return true
  })
  t.equal((await app.inject(RANGE)).statusCode, 206)
  t.equal((await app.inject(RANGE)).statusCode, 206)
  t.equal(origin.got.length, 3)
})

t.test('a URL that is refused is asked for once more', async (t) => {
  let calls = 0
  const origin = await Origin.start(t, ({ url }, response) => {
    if (url.endsWith('valid')) return false
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return true
  })
  origin.objects.set('/f', { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  const source = httpSource({
    url: (path) => `${origin.url}/${path}?${++calls % 2 === 0 ? 'valid' : 'expired'}`,
  })
  const { app } = await serve(t, { plugin: { source } })
  t.equal((await app.inject(RANGE)).body, '234')
  t.equal(calls, 2)
})

t.test('a URL that expires again and again during an answer is asked for each time', async (t) => {
  const bytes = Buffer.alloc(2_000_000, 'abc')
  let valid = 0
  const origin = await Origin.start(t, ({ url }, response) => {
    if (url.endsWith(`?${valid}`)) {
      valid++
      return false
    }
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return true
  })
  origin.objects.set('/f', { bytes, etag: '"v"', lastModified: LONG_AGO })
  const { app } = await serve(t, {
    plugin: { source: httpSource({ url: (path) => `${origin.url}/${path}?${valid}` }) },
  })
  const got = await app.inject({
    url: '/f',
    headers: { range: 'bytes=0-2,600000-600002,1200000-1200002,1800000-1800002' },
  })
  t.equal(got.statusCode, 206)
  t.equal(got.body.match(/\r\nabc\r\n/g)?.length, 4)
})

for (const [name, given] of Object.entries({
  'no URL': 'nothing',
  'another scheme': 'file:///etc/passwd',
  'a number': 5,
})) {
  t.test(`a url function that returns ${name} is a 502 that shows nothing`, async (t) => {
    const { app } = await serve(t, { plugin: { source: httpSource({ url: () => given as string }) } })
    const got = await app.inject(RANGE)
    t.equal(got.statusCode, 502)
    t.notMatch(got.body, /passwd|nothing/)
  })
}

t.test('a url function that returns undefined is a 404, and its error with a status is sent', async (t) => {
  const none = await serve(t, { plugin: { source: httpSource({ url: async () => undefined }) } })
  t.equal((await none.app.inject(RANGE)).statusCode, 404)
  const failing = httpSource({
    url: () => {
      throw Object.assign(new Error('pay first'), { statusCode: 402 })
    },
  })
  const { app } = await serve(t, { plugin: { source: failing } })
  t.equal((await app.inject(RANGE)).statusCode, 402)
})

t.test('what sign throws is not sent', async (t) => {
  const { app } = await servedBy(t, () => false, {
    sign() {
      throw Object.assign(new Error(SECRET), { statusCode: 400 })
    },
  })
  const got = await app.inject(RANGE)
  t.equal(got.statusCode, 500)
  t.equal(got.json().code, 'ERR_RANGE_SOURCE')
  t.notMatch(got.body, SECRET)
})
