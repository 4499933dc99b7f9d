// Digests in the trailers of a chunked body are verified like those in a head. Nothing else is read from trailers.
import { createHash } from 'node:crypto'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { DownloadOptions } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, type RawRequest, startHostile, wanted } from '../support/hostile-server.ts'
import { startProxy, tunnel } from '../support/proxy.ts'
import { type End, get, names, readOrNull } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const SIZE = CONTENT.length
const OTHER = Buffer.from('something else')

const hash = (name: 'sha256' | 'sha512', bytes: Buffer): string =>
  createHash(name).update(bytes).digest('base64')
const sha256 = (bytes: Buffer): string => `sha-256=:${hash('sha256', bytes)}:`
const sha512 = (bytes: Buffer): string => `sha-512=:${hash('sha512', bytes)}:`

/** What the server sends. */
interface Answer {
  ranges?: boolean
  head?: string[]
  trailers: (body: Buffer, request: RawRequest) => string[]
  /** Changes the bytes that are sent. */
  damage?: (body: Buffer, request: RawRequest) => Buffer
}

/** A server of chunked bodies with trailers. */
function chunked({ ranges = false, head = [], trailers, damage = (body) => body }: Answer) {
  return (request: RawRequest, socket: Socket): void => {
    const range = ranges ? wanted(request, SIZE) : null
    const { start, end } = range ?? { start: 0, end: SIZE }
    const body = CONTENT.subarray(start, end)
    const lines = [
      range === null ? 'HTTP/1.1 200 OK' : 'HTTP/1.1 206 Partial Content',
      'Transfer-Encoding: chunked',
      ...(range === null ? [] : ['ETag: "a"', `Content-Range: bytes ${start}-${end - 1}/${SIZE}`]),
      ...head,
    ]
    const sent = damage(body, request)
    socket.write(`${lines.join('\r\n')}\r\n\r\n${sent.length.toString(16)}\r\n`)
    socket.write(sent)
    socket.write(`\r\n0\r\n${[...trailers(body, request), '', ''].join('\r\n')}`)
  }
}

interface Row extends Answer {
  name: string
  options?: DownloadOptions
  want: 'digest' | 'length' | string
}

const shifted = (body: Buffer): Buffer => Buffer.concat([body.subarray(1), Buffer.from('x')])
const IN_PARTS = { ranges: true, options: { segmentSize: 100_000, retries: 3 } }

const rows: Row[] = [
  { name: 'a right Repr-Digest', trailers: () => [`Repr-Digest: ${sha256(CONTENT)}`], want: 'digest' },
  {
    name: 'a wrong Repr-Digest',
    trailers: () => [`Repr-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong Repr-Digest that is announced',
    head: ['Trailer: Repr-Digest'],
    trailers: () => [`repr-digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a damaged body',
    trailers: () => [`Repr-Digest: ${sha256(CONTENT)}`],
    damage: shifted,
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong sha-512 Repr-Digest',
    trailers: () => [`Repr-Digest: ${sha512(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong Repr-Digest in the second of two lines',
    trailers: () => ['Repr-Digest: md5=:AAAA:', `Repr-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a right Content-Digest of the whole file',
    trailers: () => [`Content-Digest: ${sha256(CONTENT)}`],
    want: 'digest',
  },
  {
    name: 'a wrong Content-Digest of the whole file',
    trailers: () => [`Content-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a right digest in the head and a wrong one in the trailers',
    head: [`Repr-Digest: ${sha256(CONTENT)}`],
    trailers: () => [`Repr-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a right digest in the head and a wrong one of another algorithm in the trailers',
    head: [`Repr-Digest: ${sha512(CONTENT)}`],
    trailers: () => [`Repr-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a wrong digest in the head and a right one in the trailers',
    head: [`Repr-Digest: ${sha256(OTHER)}`],
    trailers: () => [`Repr-Digest: ${sha256(CONTENT)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'right digests in the head and in the trailers',
    head: [`Repr-Digest: ${sha512(CONTENT)}`],
    trailers: () => [`Repr-Digest: ${sha256(CONTENT)}`],
    want: 'digest',
  },
  {
    name: 'a wrong Repr-Digest and a right checksum of the caller',
    trailers: () => [`Repr-Digest: ${sha256(OTHER)}`],
    options: { checksum: `sha-256=${hash('sha256', CONTENT)}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'digests that cannot be parsed',
    trailers: () => ['Repr-Digest: nonsense', 'Content-Digest: sha-256=:AAAA:'],
    want: 'length',
  },
  {
    name: 'a digest of an unknown algorithm',
    trailers: () => ['Repr-Digest: adler=:AAAAAQ==:'],
    want: 'length',
  },
  { name: 'no trailers', trailers: () => [], want: 'length' },
  {
    name: 'fields that are not allowed in trailers',
    trailers: () => [
      ...['Content-Range: bytes 0-4/5', 'ETag: "b"', 'Content-Encoding: gzip'],
      ...['Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT', 'Content-Type: text/html', 'Location: /x'],
      ...['Content-Disposition: attachment; filename="x"', 'Set-Cookie: a=b', 'Retry-After: 86400'],
    ],
    want: 'length',
  },
  {
    name: 'a Content-Length in the trailers',
    trailers: () => ['Content-Length: 5'],
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  // parts
  {
    ...IN_PARTS,
    name: 'a right Repr-Digest after each part',
    trailers: () => [`Repr-Digest: ${sha256(CONTENT)}`],
    want: 'digest',
  },
  {
    ...IN_PARTS,
    name: 'a wrong Repr-Digest after each part',
    trailers: () => [`Repr-Digest: ${sha256(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    ...IN_PARTS,
    name: 'a different Repr-Digest after each part',
    trailers: (body) => [`Repr-Digest: ${sha256(body)}`],
    want: 'digest', // it starts over; the third time it is one stream, and the digest is right
  },
  {
    ...IN_PARTS,
    name: 'a right Content-Digest after each part',
    trailers: (body) => [`Content-Digest: ${sha256(body)}`],
    want: 'length',
  },
  {
    ...IN_PARTS,
    name: 'an announced Content-Digest that is wrong once',
    head: ['Trailer: X-Other, Content-Digest'],
    trailers: (body) => [`Content-Digest: ${sha256(body)}`],
    damage: (body, { index }) => (index === 1 ? shifted(body) : body),
    want: 'length',
  },
  {
    ...IN_PARTS,
    name: 'an announced Content-Digest that is wrong each time',
    head: ['Trailer: Content-Digest'],
    trailers: () => [`Content-Digest: ${sha512(OTHER)}`],
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    ...IN_PARTS,
    name: 'a Content-Digest that is wrong and was not announced',
    trailers: (body) => [`Content-Digest: ${sha256(body)}`],
    damage: shifted,
    want: 'ERR_DOWNLOAD_DIGEST',
  },
]

function assertEnd(t: Test, end: End, want: Row['want']): void {
  if (want === 'digest' || want === 'length') {
    t.equal(end.code, null, end.message)
    t.equal(end.result?.integrity, want)
    sameBytes(t, end.file, CONTENT, 'the file is exact')
  } else {
    t.equal(end.code, want, end.message)
    t.ok(end.file === null)
  }
}

for (const { name, options, want, ...answer } of rows) {
  t.test(`a download ends with ${want} after ${name}`, async (t) => {
    const server = await startHostile(chunked(answer))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0, connections: 2, ...options })
    assertEnd(t, end, want)
  })
}

t.test('a trailer section that is too long is a protocol error', async (t) => {
  for (const line of [`X: ${'x'.repeat(400 * 1024)}`, Array(40_000).fill('X: some text').join('\r\n')]) {
    const server = await startHostile(chunked({ trailers: () => [line] }))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
    t.equal(end.code, 'ERR_DOWNLOAD_PROTOCOL', end.message)
    t.equal(end.file, null)
  }
})

t.test('a body that ends within its trailers is not complete', async (t) => {
  const server = await startHostile((_, socket) => {
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nRepr-Digest: sha-256')
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK', end.message)
  t.equal(end.file, null)
})

t.test(
  'trailers are verified over https, directly and through a proxy',
  { skip: withoutOpenssl() },
  async (t) => {
    const folder = t.testdir({ certificate: {}, direct: {}, proxied: {} })
    const certificate = makeCertificate(`${folder}/certificate`)
    const server = createHttpsServer(certificate, (request, response) => {
      response.writeHead(200, { Trailer: 'Repr-Digest' })
      response.write(CONTENT)
      response.addTrailers({ 'Repr-Digest': sha256(request.url === '/right.bin' ? CONTENT : OTHER) })
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const proxy = await startProxy((request, socket) =>
      tunnel(request, socket, 'HTTP/1.1 200 Connection established\r\n\r\n'),
    )
    t.teardown(async () => {
      await proxy.stop()
      server.closeAllConnections()
      server.close()
    })
    const origin = `https://localhost:${(server.address() as AddressInfo).port}`
    for (const [name, args] of [
      ['direct', []],
      ['proxied', ['--proxy', proxy.url]],
    ] as const) {
      const dir = `${folder}/${name}`
      const env = { NODE_EXTRA_CA_CERTS: certificate.path }
      const right = await rangeGet(['--json', ...args, `${origin}/right.bin`], dir, env).ended
      t.equal(right.status, 0, right.stderr)
      t.match(right.stdout, /"integrity":"digest"/)
      sameBytes(t, readOrNull(`${dir}/right.bin`), CONTENT)
      const wrong = await rangeGet(['-q', ...args, `${origin}/wrong.bin`], dir, env).ended
      t.equal(wrong.status, 7, wrong.stderr)
      t.strictSame(names(dir), ['right.bin'])
    }
  },
)
