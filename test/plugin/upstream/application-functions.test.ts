import { SendRangeError } from 'fastify-send-range'
import { type HttpSourceOptions, httpSource, type OutgoingRequest } from 'fastify-send-range/http'
import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { serve } from '../support/serve.ts'
import { distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

// What the functions of an application return: `sign` and `url` of an httpSource, `version` of an s3Source.

/** Long enough for two ranges that do not come with one request. */
const BYTES = distinctBytes(1_000_000)
const RANGE = { url: '/f', headers: { range: 'bytes=2-4' } }
const RANGES = { url: '/f', headers: { range: 'bytes=0-1,900000-900001' } }

async function originOf(t: Test): Promise<Origin> {
  const origin = await Origin.start(t)
  for (const path of ['/f', '/b/f', '/private/f'])
    origin.objects.set(path, { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  return origin
}

async function servedBy(t: Test, options: Partial<HttpSourceOptions>) {
  const origin = await originOf(t)
  const source = httpSource({ url: (path) => `${origin.url}/${path}`, ...options })
  return { origin, ...(await serve(t, { plugin: { source } })) }
}

t.test('the fields that sign returns are added to those of the request', async (t) => {
  const { origin, app } = await servedBy(t, { sign: () => ({ Authorization: 'Bearer token' }) })
  const range = await app.inject(RANGE)
  t.equal(range.statusCode, 206)
  t.strictSame(range.rawPayload, BYTES.subarray(2, 5))
  t.equal((await app.inject(RANGES)).statusCode, 206)
  for (const { headers } of origin.got)
    t.match(headers, { authorization: 'Bearer token', 'accept-encoding': 'identity', range: /^bytes=/ })
  t.equal(origin.got.at(-1)?.headers['if-match'], '"v"', 'further requests are pinned')
})

t.test('sign may return all fields, as signers do, but it changes none that is sent already', async (t) => {
  const all: HttpSourceOptions['sign'] = ({ headers }) => ({
    ...headers,
    Range: 'bytes=0-0',
    'If-Match': '*',
  })
  const { origin, app } = await servedBy(t, { sign: all })
  t.strictSame((await app.inject(RANGE)).rawPayload, BYTES.subarray(2, 5))
  t.equal(origin.got[0]?.headers['if-match'], undefined, 'no condition that the request has not')
  t.equal((await app.inject(RANGES)).statusCode, 206)
  t.equal(origin.got.at(-1)?.headers['if-match'], '"v"')
})

for (const [name, fields] of Object.entries({
  nothing: undefined,
  'a Headers object': new Headers({ authorization: 'secret' }),
  'a line break': { authorization: 'secret\r\nX: y' },
  'a value that is not a text': { authorization: ['secret'] },
  'an invalid name': { 'author ization': 'secret' },
})) {
  t.test(`a sign function that returns ${name} is a 502 that shows nothing`, async (t) => {
    const sign = (() => fields) as unknown as (request: OutgoingRequest) => Record<string, string>
    const { origin, app, log } = await servedBy(t, { sign })
    const answer = await app.inject(RANGE)
    t.equal(answer.statusCode, 502)
    t.equal(answer.json().code, 'ERR_RANGE_UPSTREAM')
    t.match(JSON.stringify(log), /the option 'sign'/)
    t.notMatch(JSON.stringify([answer.body, log]), /secret/)
    t.equal(origin.got.length, 0)
  })
}

t.test('a path that was not encoded does not climb out of the folder of the URL', async (t) => {
  const origin = await originOf(t)
  const source = httpSource({ url: (path) => `${origin.url}/public/${path}` })
  const { app } = await serve(t, { plugin: { source, targetSpelling: 'ignore' } })
  for (const segment of ['%2e%2e', '%2E.', '.%2e']) {
    const answer = await app.inject(`/${encodeURIComponent(segment)}/private/f`)
    t.equal(answer.statusCode, 502, segment)
  }
  t.equal(origin.got.length, 0)
})

t.test('dots that are no segments of the path are in a URL as they are', async (t) => {
  const { origin, app } = await servedBy(t, { url: (path) => `${origin.url}/${path}?a=/../b#/../c` })
  t.equal((await app.inject(RANGE)).statusCode, 206)
  t.equal(origin.got[0]?.url, '/f?a=/../b')
})

t.test('the url function is asked once for an answer, also if the store keeps versions', async (t) => {
  const origin = await originOf(t)
  origin.answer = (_, response) => {
    response.setHeader('x-amz-version-id', 'id1')
    return false
  }
  const asked: string[] = []
  const source = httpSource({
    url(path) {
      asked.push(path)
      return `${origin.url}/${path}`
    },
  })
  const { app } = await serve(t, { plugin: { source } })
  t.equal((await app.inject(RANGES)).statusCode, 206)
  t.ok(origin.got.length > 1)
  t.strictSame(asked, ['f'])
})

for (const [name, version] of Object.entries<() => unknown>({
  'a promise': () => Promise.resolve('id'),
  'a promise that rejects': () => Promise.reject(new Error('fails')),
  null: () => null,
  'an empty text': () => '',
  'a number': () => 5,
})) {
  t.test(`a version function that returns ${name} is a 502, and no other version is served`, async (t) => {
    const origin = await originOf(t)
    const source = s3Source({
      endpoint: origin.url,
      region: 'x',
      bucket: 'b',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      version: version as NonNullable<S3SourceOptions['version']>,
    })
    const { app, log } = await serve(t, { plugin: { source } })
    t.equal((await app.inject(RANGE)).statusCode, 502)
    t.match(JSON.stringify(log), /the option 'version'/)
    t.equal(origin.got.length, 0)
  })
}

const KEYS = { accessKeyId: 'a', secretAccessKey: 'b' }

/** Sources whose function is called for each request, or with each new URL. */
const FAILING = {
  'a url function': (origin: string, call: () => number) =>
    httpSource({
      url(path) {
        return `${origin}/${path}?call=${call()}`
      },
    }),
  'a sign function': (origin: string, call: () => number) =>
    httpSource({
      url: (path) => `${origin}/${path}`,
      sign() {
        call()
        return {}
      },
    }),
  'a credentials function': (origin: string, call: () => number) =>
    s3Source({
      endpoint: origin,
      region: 'x',
      bucket: 'b',
      async credentials() {
        call()
        return KEYS
      },
    }),
}

/** Asks for all bytes at a store that breaks its first answer, and then refuses the URL of the first call. */
async function broken(t: Test, sourceOf: (typeof FAILING)['a sign function'], fail: (calls: number) => void) {
  const origin = await originOf(t)
  let calls = 0
  origin.answer = ({ number, url }, response) => {
    if (number === 1) {
      response.writeHead(200, { etag: '"v"', 'content-length': BYTES.length })
      response.write(BYTES.subarray(0, 300_000), () => response.socket?.end())
    } else if (url.endsWith('?call=1')) response.writeHead(403).end()
    else return false
    return true
  }
  const source = sourceOf(origin.url, () => {
    fail(++calls)
    return calls
  })
  const { port, log } = await serve(t, { plugin: { source } })
  const answer = await fetch(`http://127.0.0.1:${port}/f`)
  return { answer, log: () => JSON.stringify(log), calls: () => calls }
}

for (const [name, sourceOf] of Object.entries(FAILING)) {
  t.test(`${name} that fails once in the middle of an answer is called again`, async (t) => {
    const { answer, log, calls } = await broken(t, sourceOf, (calls) => {
      if (calls === 2) throw new Error('no network')
    })
    sameBytes(t, Buffer.from(await answer.arrayBuffer()), BYTES)
    t.equal(calls(), 3)
    t.notMatch(log(), /no network/)
  })

  t.test(`${name} that fails each time in the middle of an answer cuts it, and is in the log`, async (t) => {
    const { answer, log, calls } = await broken(t, sourceOf, (calls) => {
      if (calls > 1) throw new Error('no network')
    })
    await t.rejects(answer.arrayBuffer())
    t.equal(calls(), 6, 'five retries, the first of them after the broken connection')
    t.match(log(), /no network/)
  })

  t.test(`${name} that refuses the client in the middle of an answer is not called again`, async (t) => {
    const { answer, log, calls } = await broken(t, sourceOf, (calls) => {
      if (calls > 1) throw new SendRangeError('ERR_RANGE_PATH_FORBIDDEN', 'logged out')
    })
    await t.rejects(answer.arrayBuffer())
    t.equal(calls(), 2)
    t.match(log(), /logged out/)
  })
}

t.test(
  'an error of a function that has the status of a refusal is one, and another one is not',
  async (t) => {
    for (const [statusCode, expected] of [
      [403, 2],
      [503, 6],
    ] as const) {
      const { answer, calls } = await broken(t, FAILING['a url function'], (calls) => {
        if (calls > 1) throw Object.assign(new Error('no'), { statusCode })
      })
      await t.rejects(answer.arrayBuffer())
      t.equal(calls(), expected, `${statusCode}`)
    }
  },
)
