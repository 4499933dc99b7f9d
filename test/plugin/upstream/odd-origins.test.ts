// Answers of origins, proxies and balancers that are not what was asked for, and places that cannot be reached.
import { createServer as createSecure } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { httpSource } from 'fastify-send-range/http'
import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../support/localhost-certificate.ts'
import { type Served, serve } from '../support/serve.ts'
import { type Answer, LONG_AGO, Origin } from './support/origin.ts'
import { BYTES, OVERLOADED, refusing, SECRET, UPSTREAM, type WrongAnswer } from './support/wrong-answers.ts'

const RANGE = { url: '/f', headers: { range: 'bytes=2-4' } }

const SERVED = { status: 206 } as const

/** A page, as balancers send it. */
function page(status: number, fields: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html', server: SECRET, ...fields })
    response.end(`<html><title>${SECRET}</title>`.padEnd(100_000, '.'))
    return true
  }
}

const HEAD = 'ETag: "v"\r\nContent-Range: bytes 2-4/10\r\n'

/** These bytes on the connection, which ends then if it is told to. */
function bytes(text: string, after: 'end' | 'keep' = 'keep'): Answer {
  return (_, { socket }) => {
    socket?.write(text)
    if (after === 'end') socket?.end()
    return true
  }
}

const ROWS: readonly WrongAnswer[] = [
  {
    name: 'the region of the bucket',
    answer: refusing(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }),
    ...UPSTREAM,
    cause: /301 PermanentRedirect.*eu-west-1/,
  },
  {
    name: 'the region of the bucket in a 400',
    answer: refusing(400, 'AuthorizationHeaderMalformed', { 'x-amz-bucket-region': 'eu-west-1' }),
    ...UPSTREAM,
    cause: /400 AuthorizationHeaderMalformed.*eu-west-1/,
  },
  {
    name: 'an invalid region',
    answer: refusing(301, 'PermanentRedirect', { 'x-amz-bucket-region': `<${SECRET}>` }),
    ...UPSTREAM,
    cause: /301 PermanentRedirect/,
  },
  {
    name: 'a 416 to bytes that the object has',
    answer: page(416, { 'content-range': 'bytes */10' }),
    ...UPSTREAM,
    cause: /a 416 to a range of the object/,
  },
  {
    name: 'a 302 to a page of login',
    answer: page(302, { location: `http://${SECRET}/` }),
    ...UPSTREAM,
    cause: /302/,
  },
  { name: '400 ExpiredToken', answer: refusing(400, 'ExpiredToken'), ...UPSTREAM, cause: /400 ExpiredToken/ },
  {
    name: '403 of a country',
    answer: refusing(403, 'AllAccessDisabled'),
    ...UPSTREAM,
    cause: /AllAccessDisabled/,
  },
  { name: '405', answer: refusing(405, 'MethodNotAllowed'), ...UPSTREAM, cause: /405/ },
  {
    name: '405 of a version that says the object was deleted',
    answer: refusing(405, 'MethodNotAllowed', { 'x-amz-delete-marker': 'true' }),
    status: 404,
  },
  {
    name: '404 of an object that was deleted',
    answer: refusing(404, 'NoSuchKey', { 'x-amz-delete-marker': 'true' }),
    status: 404,
  },
  { name: '404 NoSuchVersion', answer: refusing(404, 'NoSuchVersion'), status: 404 },
  { name: '406', answer: page(406), ...UPSTREAM, cause: /406/ },
  { name: '407', answer: page(407), ...UPSTREAM, cause: /407/ },
  { name: '408', answer: page(408), ...OVERLOADED },
  { name: '411', answer: page(411), ...UPSTREAM, cause: /411/ },
  { name: '413', answer: page(413), ...UPSTREAM, cause: /413/ },
  { name: '421', answer: page(421), ...UPSTREAM, cause: /421/ },
  { name: '451', answer: page(451), ...UPSTREAM, cause: /451/ },
  { name: '429 without Retry-After', answer: page(429), ...OVERLOADED, retryAfter: '1' },
  { name: '429 with seconds', answer: page(429, { 'retry-after': '7' }), ...OVERLOADED, retryAfter: '7' },
  {
    name: '429 with a date, by the clock of the store',
    answer: page(429, {
      date: 'Sun, 06 Nov 1994 08:49:37 GMT',
      'retry-after': 'Sun, 06 Nov 1994 08:50:07 GMT',
    }),
    ...OVERLOADED,
    retryAfter: '30',
  },
  {
    name: '429 with a date that is over',
    answer: page(429, { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }),
    ...OVERLOADED,
    retryAfter: '1',
  },
  {
    name: '429 with seconds beyond all measure',
    answer: page(429, { 'retry-after': '9'.repeat(30) }),
    ...OVERLOADED,
    retryAfter: '3600',
  },
  {
    name: '429 with something else than seconds',
    answer: page(429, { 'retry-after': '-5' }),
    ...OVERLOADED,
    retryAfter: '1',
  },
  {
    name: '500 InternalError',
    answer: refusing(500, 'InternalError'),
    ...OVERLOADED,
    cause: /500 InternalError/,
  },
  { name: '501', answer: refusing(501, 'NotImplemented'), ...UPSTREAM, cause: /501 NotImplemented/ },
  { name: 'a 502 page', answer: page(502), ...OVERLOADED, cause: /502/ },
  {
    name: 'a 503 page with Retry-After',
    answer: page(503, { 'retry-after': '9' }),
    ...OVERLOADED,
    retryAfter: '9',
  },
  {
    name: 'a part with the status of the whole',
    answer: bytes(`HTTP/1.1 200 x\r\n${HEAD}Content-Length: 3\r\n\r\n234`),
    ...UPSTREAM,
    cause: /a 200 with the Content-Range of a part/,
  },
  { name: 'a 504 page', answer: page(504), ...OVERLOADED, cause: /504/ },
  { name: 'a 599', answer: page(599), ...UPSTREAM, cause: /599/ },
  {
    name: 'several parts',
    answer: page(206, { 'content-type': 'multipart/byteranges; boundary=x' }),
    ...UPSTREAM,
  },
  {
    name: 'fewer bytes than promised',
    answer: bytes(`HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\n\r\n23`, 'end'),
    ...OVERLOADED,
  },
  {
    name: 'a part that a proxy has compressed',
    answer: bytes(
      `HTTP/1.1 206 x\r\n${HEAD}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n`,
    ),
    ...OVERLOADED,
  },
  {
    name: 'a whole that a proxy has compressed',
    answer: bytes(
      'HTTP/1.1 200 x\r\nETag: "v"\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n',
    ),
    ...UPSTREAM,
    cause: /without Content-Length/,
  },
  {
    name: 'two lengths',
    answer: bytes(`HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\nContent-Length: 4\r\n\r\n234`),
    ...UPSTREAM,
  },
  {
    name: 'a length and chunks',
    answer: bytes(
      `HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n234\r\n0\r\n\r\n`,
    ),
    ...UPSTREAM,
  },
  {
    name: 'two different ranges',
    answer: bytes(`HTTP/1.1 206 x\r\n${HEAD}Content-Range: bytes 0-2/10\r\nContent-Length: 3\r\n\r\n234`),
    ...UPSTREAM,
  },
  {
    name: 'more bytes than promised',
    answer: bytes(`HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\n\r\n234567HTTP/1.1 200 x\r\n\r\n`),
    ...SERVED,
  },
  {
    name: 'chunks and trailers',
    answer: bytes(
      `HTTP/1.1 206 x\r\n${HEAD}Transfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n3\r\n234\r\n0\r\nETag: "w"\r\n\r\n`,
    ),
    ...SERVED,
  },
  {
    name: 'HTTP/1.0',
    answer: bytes(`HTTP/1.0 206 x\r\n${HEAD}Content-Length: 3\r\n\r\n234`, 'end'),
    ...SERVED,
  },
  { name: 'HTTP/1.0 without a length', answer: bytes(`HTTP/1.0 206 x\r\n${HEAD}\r\n234`, 'end'), ...SERVED },
  {
    name: 'a head that is cut',
    answer: bytes('HTTP/1.1 206 x\r\nETag: "v"\r\nContent-Ra', 'end'),
    ...OVERLOADED,
  },
]

async function servedBy(t: Test, answer: Answer, make: (origin: Origin) => ReturnType<typeof httpSource>) {
  const origin = await Origin.start(t, answer)
  for (const path of ['/f', '/b/f'])
    origin.objects.set(path, { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  return { origin, ...(await serve(t, { plugin: { source: make(origin) } })) }
}

const LIMITS = { retries: 0, responseTimeout: 300, stallTimeout: 300 }

/** Both kinds of sources. They do the same with every answer. */
const KINDS = {
  httpSource: (origin: Origin) =>
    httpSource({
      url: (path) => `${origin.url}/${path}?signature=${SECRET}`,
      headers: { authorization: SECRET },
      ...LIMITS,
    }),
  s3Source: (origin: Origin) => s3At(origin.url),
} as const

function s3At(endpoint: string, options: Partial<S3SourceOptions> = {}): ReturnType<typeof s3Source> {
  const credentials = { accessKeyId: `id-${SECRET}`, secretAccessKey: SECRET, sessionToken: SECRET }
  return s3Source({ endpoint, bucket: 'b', region: 'x', credentials, ...LIMITS, ...options })
}

/** Nothing of the store is in the answer, and no secret in the log. */
function showsNothing(t: Test, { log }: Served, answer: { headers: object; body: string }): void {
  t.notMatch(
    JSON.stringify([answer.headers, answer.body]),
    new RegExp(`${SECRET}|127\\.0\\.0\\.1|<Error>|<html>`),
  )
  t.notMatch(JSON.stringify(log), new RegExp(SECRET))
}

for (const [kind, make] of Object.entries(KINDS)) {
  t.test(`answers to an ${kind}`, async (t) => {
    for (const { name, answer, status, code, cause, retryAfter } of ROWS) {
      const served = await servedBy(t, answer, make)
      const got = await served.app.inject(RANGE)
      t.equal(got.statusCode, status, name)
      if (code !== undefined) t.equal(got.json().code, code, name)
      if (cause !== undefined) t.match(JSON.stringify(served.errors()), cause, name)
      if (retryAfter !== undefined) t.equal(got.headers['retry-after'], retryAfter, name)
      if (status === 206) t.equal(got.body, '234', name)
      t.equal(served.errors().length, code === undefined ? 0 : 1, `${name}: it is logged once`)
      showsNothing(t, served, got)
      await served.app.close()
    }
  })
}

t.test('what follows an answer on its connection is not taken for the next answer', async (t) => {
  const served = await servedBy(
    t,
    (got, response) =>
      got.number === 1 &&
      bytes(
        `HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\n\r\n234HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n`,
      )(got, response),
    KINDS.httpSource,
  )
  for (let turn = 0; turn < 3; turn++) t.equal((await served.app.inject(RANGE)).body, '234')
})

// It may have been sent before the request came, so that the answer to the request follows it.
t.test('nothing is asked for over a connection that a 408 came over', async (t) => {
  const sockets: unknown[] = []
  const served = await servedBy(
    t,
    (got, response) => {
      sockets.push(response.socket)
      return got.number === 1 && refusing(408)(got, response)
    },
    (origin) => httpSource({ url: (path) => `${origin.url}/${path}`, ...LIMITS, retries: 1 }),
  )
  t.equal((await served.app.inject(RANGE)).body, '234')
  t.equal(sockets.length, 2)
  t.ok(sockets[1] !== sockets[0])
})

t.test('a redirect to another server does not take the keys there', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const other = await Origin.start(t)
    const served = await servedBy(t, page(status, { location: `${other.url}/f` }), KINDS.httpSource)
    const got = await served.app.inject(RANGE)
    t.equal(got.statusCode, 502, String(status))
    t.equal(other.got.length, 0)
    showsNothing(t, served, got)
  }
})

t.test('a page with 200 in place of an object of a bucket is a 502', async (t) => {
  const answer = page(200, { 'content-length': '100000' })
  for (const request of [RANGE, { url: '/f' }, { method: 'HEAD', url: '/f' } as const]) {
    const served = await servedBy(t, answer, KINDS.s3Source)
    const got = await served.app.inject(request)
    t.equal(got.statusCode, 502)
    t.match(JSON.stringify(served.errors()), /without an ETag/)
    showsNothing(t, served, got)
  }
})

t.test('a signed URL whose token has expired is asked for once more', async (t) => {
  let calls = 0
  const served = await servedBy(
    t,
    ({ url }, response) => {
      if (url.endsWith('2')) return false
      return refusing(400, 'ExpiredToken')({} as never, response)
    },
    (origin) => httpSource({ url: (path) => `${origin.url}/${path}?${++calls}`, ...LIMITS }),
  )
  t.equal((await served.app.inject(RANGE)).body, '234')
  t.equal(calls, 2)
})

t.test('a password in a URL is sent, and is in no message', async (t) => {
  const withPassword = (origin: Origin) =>
    httpSource({ url: (path) => `${origin.url.replace('//', `//user:${SECRET}@`)}/${path}`, ...LIMITS })
  const served = await servedBy(t, () => false, withPassword)
  t.equal((await served.app.inject(RANGE)).body, '234')
  const expected = Buffer.from(`user:${SECRET}`).toString('base64')
  t.equal(served.origin.got[0]?.headers.authorization, `Basic ${expected}`)
  const refused = await servedBy(t, refusing(401, 'Unauthorized'), withPassword)
  const got = await refused.app.inject(RANGE)
  t.equal(got.statusCode, 502)
  showsNothing(t, refused, got)
})

t.test('a password in a URL that is not encoded is a 502, and is in no message', async (t) => {
  const served = await servedBy(
    t,
    () => false,
    (origin) => httpSource({ url: () => `${origin.url.replace('//', `//user:${SECRET}%zz@`)}/f`, ...LIMITS }),
  )
  const got = await served.app.inject(RANGE)
  t.equal(got.statusCode, 502)
  t.match(JSON.stringify(served.errors()), /a password that is not encoded/)
  showsNothing(t, served, got)
})

t.test('a certificate that is not trusted is a 502', async (t) => {
  const server = createSecure(localhostCertificate, (_, response) => response.end('secret'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const served = await serve(t, { plugin: { source: s3At(`https://127.0.0.1:${port}`, { retries: 3 }) } })
  const got = await served.app.inject(RANGE)
  t.equal(got.statusCode, 502)
  t.match(JSON.stringify(served.errors()), /self.signed certificate/)
  showsNothing(t, served, got)
})

t.test('a server that does not speak TLS is a 502', async (t) => {
  const origin = await Origin.start(t)
  const served = await serve(t, { plugin: { source: s3At(origin.url.replace('http:', 'https:')) } })
  const got = await served.app.inject(RANGE)
  t.equal(got.statusCode, 502)
  t.equal(got.json().code, 'ERR_RANGE_UPSTREAM')
})

for (const [name, endpoint] of Object.entries({
  'a name that does not exist': 'http://store.invalid',
  'the port 0': 'http://127.0.0.1:0',
  'a port where nothing listens': 'http://127.0.0.1:1',
})) {
  t.test(`${name} has a code, and is in no answer`, async (t) => {
    const served = await serve(t, { plugin: { source: s3At(endpoint) } })
    const got = await served.app.inject(RANGE)
    t.ok([502, 503].includes(got.statusCode), String(got.statusCode))
    t.match(got.json().code, /^ERR_RANGE_(?:UPSTREAM|OVERLOADED)$/)
    t.notMatch(got.body, /store\.invalid|127\.0\.0\.1/)
    showsNothing(t, served, got)
  })
}

t.test('an endpoint may be an address of IPv6, with a folder', async (t) => {
  const loopback = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const host = loopback.some(({ address }) => address === '::1') ? '::1' : '127.0.0.1'
  const heads: string[] = []
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heads.push(data.toString())
      socket.write(`HTTP/1.1 206 x\r\n${HEAD}Content-Length: 3\r\n\r\n234`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const place = host === '::1' ? `[::1]:${port}` : `127.0.0.1:${port}`
  const { app } = await serve(t, { plugin: { source: s3At(`http://${place}/store/`) } })
  t.equal((await app.inject(RANGE)).body, '234')
  t.match(heads[0], /^GET \/store\/b\/f HTTP/)
  t.match(heads[0]?.toLowerCase(), `host: ${place}`)
  await app.close()
})

t.test('the log says nothing of the store unless something is wrong', async (t) => {
  const served = await servedBy(t, () => false, KINDS.httpSource)
  await served.app.inject(RANGE)
  await served.app.inject('/absent')
  t.ok(served.log.length > 0)
  t.notMatch(JSON.stringify(served.log), new RegExp(`${SECRET}|${served.origin.url}`))
})
