// Digests that are sent are verified. A wrong part is fetched again, and only that part. Without a digest the result does
// not claim one.
import { createHash } from 'node:crypto'
import type { DownloadOptions } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  type HostileServer,
  head,
  honest,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { type End, get, names } from '../support/run.ts'

const CONTENT = makeContent(200_000)
const SIZE = CONTENT.length

const base64 = (bytes: Buffer, name = 'sha256'): string => createHash(name).update(bytes).digest('base64')
const field = (bytes: Buffer): string => `sha-256=:${base64(bytes)}:`
const withDigest = (name: string, value: string): Script => honest(resource(CONTENT, { [name]: value }))

/** Sends parts with their Content-Digest. Where `isBad` returns true, a byte is changed. */
const digested =
  (isBad: (request: RawRequest) => boolean): Script =>
  (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const body = Buffer.from(CONTENT.subarray(start, end))
    socket.write(part({ start, end }, SIZE, { etag: '"v1"', 'content-digest': field(body) }))
    if (isBad(request)) body[100] = (body[100] ?? 0) ^ 1
    socket.write(body)
  }

interface Row {
  name: string
  script: () => Script
  options?: DownloadOptions
  want: 'checksum' | 'digest' | 'length' | 'ERR_DOWNLOAD_DIGEST'
  also?: (t: Test, end: End, server: HostileServer) => void
}

const rows: Row[] = [
  {
    name: 'a correct Repr-Digest',
    script: () => withDigest('repr-digest', field(CONTENT)),
    want: 'digest',
  },
  {
    name: 'a Repr-Digest with sha-512',
    script: () => withDigest('repr-digest', `sha-512=:${base64(CONTENT, 'sha512')}:`),
    want: 'digest',
    also: (t, end) => t.equal(end.result?.digest, 'sha-512'),
  },
  {
    name: 'a wrong Repr-Digest',
    script: () => withDigest('repr-digest', field(Buffer.from('else'))),
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a Repr-Digest with an unknown algorithm',
    script: () => withDigest('repr-digest', 'unixsum=:AAAA:'),
    want: 'length',
  },
  {
    name: 'a Repr-Digest with an unknown algorithm beside a known one',
    script: () => withDigest('repr-digest', `adler=:AAAA:, ${field(CONTENT)}`),
    want: 'digest',
  },
  {
    name: 'a Repr-Digest that cannot be parsed',
    script: () => withDigest('repr-digest', 'sha-256=nonsense:::'),
    want: 'length',
  },
  {
    name: 'a Repr-Digest of the wrong length',
    script: () => withDigest('repr-digest', 'sha-256=:AAAA:'),
    want: 'length',
  },
  { name: 'no digest', script: () => honest(resource(CONTENT)), want: 'length' },
  {
    name: 'a correct Content-Digest for each part',
    script: () => digested(() => false),
    want: 'length',
  },
  {
    name: 'one wrong part with a Content-Digest',
    script: () => digested((request) => request.index === 1),
    want: 'length',
    also: (t, _, server) => {
      const starts = server.requests.map((request) => request.range?.start).sort((a = 0, b = 0) => a - b)
      t.equal(starts.length, 5)
      t.equal(new Set(starts).size, 4, 'one of them is fetched twice')
    },
  },
  {
    name: 'wrong parts with a Content-Digest, for ever',
    script: () => digested(() => true),
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a part with a Content-Digest is cut off once',
    script: () => (request, socket) => {
      if (request.index !== 1) return digested(() => false)(request, socket)
      const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
      const body = CONTENT.subarray(start, end)
      socket.write(part({ start, end }, SIZE, { etag: '"v1"', 'content-digest': field(body) }))
      socket.write(Buffer.alloc(1000, 'x'))
      socket.end()
    },
    want: 'length',
  },
  {
    name: 'a Content-Digest of the whole file',
    script: () => (_, socket) => {
      socket.write(head('200 OK', { 'content-length': SIZE, 'content-digest': field(CONTENT) }))
      socket.write(CONTENT)
    },
    want: 'digest',
  },
  {
    name: 'a wrong Content-Digest of the whole file',
    script: () => (_, socket) => {
      socket.write(head('200 OK', { 'content-length': SIZE, 'content-digest': field(Buffer.from('else')) }))
      socket.write(CONTENT)
    },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a checksum in hexadecimal',
    script: () => honest(resource(CONTENT)),
    options: { checksum: `sha-256=${createHash('sha256').update(CONTENT).digest('hex')}` },
    want: 'checksum',
  },
  {
    name: 'a checksum in base64',
    script: () => honest(resource(CONTENT)),
    options: { checksum: `sha-512=${base64(CONTENT, 'sha512')}` },
    want: 'checksum',
  },
  {
    name: 'a correct checksum beside a Repr-Digest',
    script: () => withDigest('repr-digest', field(CONTENT)),
    options: { checksum: `sha-256=${base64(CONTENT)}` },
    want: 'checksum',
  },
  {
    name: 'a wrong checksum',
    script: () => honest(resource(CONTENT)),
    options: { checksum: `sha-256=${'0'.repeat(64)}` },
    want: 'ERR_DOWNLOAD_DIGEST',
    also: (t, end) =>
      t.match(end.message, /its sha-256 is [0-9a-f]{64}, the one that was asked for is 0{64}/),
  },
  {
    name: 'a correct checksum, and a wrong Repr-Digest',
    script: () => withDigest('repr-digest', field(Buffer.from('else'))),
    options: { checksum: `sha-256=${base64(CONTENT)}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
]

/** How a download must end, as the beginning of the name of a test. */
function outcomeOf(want: Row['want']): string {
  return want === 'ERR_DOWNLOAD_DIGEST'
    ? `a download ends with ${want}`
    : `the integrity of the file is '${want}'`
}

for (const connections of [1, 3]) {
  for (const { name, script, options, want, also } of rows) {
    t.test(`${outcomeOf(want)} (${name}, ${connections} connections)`, async (t) => {
      const server = await startHostile(script())
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const end = await get(`${server.url}/file.bin`, dir, { segmentSize: 50_000, connections, ...options })
      if (want === 'ERR_DOWNLOAD_DIGEST') {
        t.equal(end.code, want, end.message)
        t.strictSame(names(dir), [], 'there is neither a finished file nor a part file')
      } else {
        sameBytes(t, end.file, CONTENT, end.message)
        t.equal(end.result?.integrity, want)
      }
      also?.(t, end, server)
    })
  }
}

t.test('a file that already has the checksum is not fetched', async (t) => {
  const server = await startHostile((request, socket) => answerHonestly(resource(CONTENT), request, socket))
  t.teardown(() => server.stop())
  const checksum = `sha-256=${base64(CONTENT)}`
  const end = await get(`${server.url}/file.bin`, t.testdir({ 'file.bin': CONTENT }), { checksum })
  t.equal(end.result?.integrity, 'checksum')
  t.equal(end.result?.speed, 0, 'nothing was received')
  t.equal(server.requests.length, 0)
})
