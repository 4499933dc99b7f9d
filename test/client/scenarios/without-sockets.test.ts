// Whole downloads over a transport in memory: what a transfer does does not depend on sockets.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { DownloadOptions } from 'range-get'
import t, { type Test } from 'tap'
import { startDownload } from '#client/download.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { FakeClient, type FakeServer, type Piece } from '../support/fake-client.ts'
import { honestly } from '../support/honest-reply.ts'
import { makeContent, type Resource, resource } from '../support/hostile-server.ts'
import { type End, endOf, names, QUICK } from '../support/run.ts'

const FILE = resource(makeContent(1_000_000))
const SIZE = FILE.content.length
const SEGMENTS: DownloadOptions = { segmentSize: 100_000, connections: 4 }

/** Downloads over a fake transport, and checks what holds for each download. */
async function get(
  t: Test,
  server: FakeServer,
  options: DownloadOptions = {},
): Promise<End & { client: FakeClient }> {
  const client = new FakeClient(server)
  const dir = t.testdir({})
  const destination = join(dir, 'file.bin')
  const request = { url: 'http://fake.test/file.bin', destination, options: { ...QUICK, ...options } }
  const end = await endOf(startDownload(request, { createClient: () => client }), destination)
  t.ok(client.isClosed, 'the client is closed')
  t.equal(client.openAnswers, 0, 'each answer was received or discarded')
  t.notOk(
    process.getActiveResourcesInfo().some((name) => /^(?:TCP|TLS|GetAddrInfo)/.test(name)),
    'no socket is open',
  )
  if (end.result !== null) t.strictSame(names(dir), ['file.bin'], 'nothing is left beside the file')
  return { ...end, client }
}

function isExact(t: Test, { code, message, file }: End, { content }: Resource = FILE): void {
  t.equal(code, null, message)
  sameBytes(t, file, content, 'the file is exact')
}

function unchanged(body: Buffer): readonly Piece[] {
  return [body]
}

/** Changes the body of the first `count` answers. */
function atFirst(count: number, change: (body: Buffer) => readonly Piece[]): FakeServer {
  return (request) => honestly(FILE, request, request.index < count ? change : unchanged)
}

t.test('a file is fetched in segments, and no byte is asked for twice', async (t) => {
  const end = await get(t, (request) => honestly(FILE, request), SEGMENTS)
  isExact(t, end)
  const ranges = end.client.requests.map(({ range }) => range)
  t.equal(ranges.length, 10)
  t.equal(new Set(ranges.map((range) => range?.start)).size, 10)
})

for (const [name, last] of [
  ['breaks off', 'cut'],
  ['stalls', 'stall'],
] as const) {
  t.test(`a body that ${name} is continued where it ended`, async (t) => {
    const end = await get(
      t,
      atFirst(1, (body) => [body.subarray(0, 300_000), last]),
    )
    isExact(t, end)
    t.equal(end.client.requests.length, 2)
    t.strictSame(end.client.requests[1]?.range?.start, 300_000)
  })

  t.test(`a download fails if each body ${name} at once`, async (t) => {
    const { code } = await get(t, (request) => honestly(FILE, request, () => [last]), {
      retries: 2,
      stallTimeout: 50,
    })
    t.equal(code, 'ERR_DOWNLOAD_NETWORK')
  })
}

t.test('an answer that ends before its announced end is asked for again', async (t) => {
  isExact(
    t,
    await get(
      t,
      atFirst(2, (body) => [body.subarray(0, body.length - 1)]),
      SEGMENTS,
    ),
  )
})

t.test('a request that gets no answer is repeated', async (t) => {
  const end = await get(t, (request) => (request.index < 2 ? null : honestly(FILE, request)))
  isExact(t, end)
  t.equal(end.client.requests.length, 3)
})

t.test('bytes that are not HTTP are a protocol error', async (t) => {
  const { code } = await get(t, (request) => honestly(FILE, request, () => ['malformed']), { retries: 1 })
  t.equal(code, 'ERR_DOWNLOAD_PROTOCOL')
})

t.test('a slow server is followed as long as bytes come', async (t) => {
  const slow = (body: Buffer): readonly Piece[] => [
    body.subarray(0, 10),
    100,
    body.subarray(10, 20),
    100,
    body.subarray(20),
  ]
  const end = await get(t, atFirst(1, slow), { stallTimeout: 150 })
  isExact(t, end)
  t.equal(end.client.requests.length, 1)
})

t.test('a version that changes between two segments is fetched from the start', async (t) => {
  const next = resource(makeContent(SIZE, 'version B'))
  const end = await get(t, (request) => honestly(request.index < 3 ? FILE : next, request), {
    segmentSize: 100_000,
  })
  isExact(t, end, next)
})

t.test('a file that changes with each answer is given up', async (t) => {
  const server: FakeServer = (request) =>
    honestly(resource(makeContent(SIZE, `version ${request.index % 10}`)), request, (body) => [
      body.subarray(0, 50_000),
      'cut',
    ])
  const { code } = await get(t, server, { segmentSize: 100_000 })
  t.equal(code, 'ERR_DOWNLOAD_CHANGED')
})

t.test('a server without ranges sends the whole file', async (t) => {
  const end = await get(t, (request) => honestly(FILE, { ...request, range: null }), SEGMENTS)
  isExact(t, end)
  t.equal(end.client.requests.length, 1)
})

t.test('a whole answer fills only what is missing', async (t) => {
  const server: FakeServer = (request) =>
    request.index === 0
      ? honestly(FILE, request, (body) => [body.subarray(0, 300_000), 'cut'])
      : honestly(FILE, { ...request, range: null })
  isExact(t, await get(t, server))
})

t.test('a part that is longer than announced is not taken', async (t) => {
  const long = (body: Buffer): readonly Piece[] => [body, Buffer.from('and more')]
  isExact(t, await get(t, atFirst(1, long), { ...SEGMENTS, connections: 1 }))
})

t.test('a body without a length ends with its connection, and its integrity is not known', async (t) => {
  const server: FakeServer = () => ({ status: 200, fields: {}, body: [FILE.content], delimiter: 'closed' })
  const end = await get(t, server)
  isExact(t, end)
  t.equal(end.result?.integrity, 'nothing')
})

for (const [what, digested, code] of [
  ['right', FILE.content, null],
  ['wrong', Buffer.from('something else'), 'ERR_DOWNLOAD_DIGEST'],
] as const) {
  t.test(`a ${what} Repr-Digest in the trailers decides on the file`, async (t) => {
    const digest = createHash('sha256').update(digested).digest('base64')
    const end = await get(t, () => ({
      status: 200,
      fields: { 'transfer-encoding': 'chunked', etag: '"a"' },
      body: [FILE.content],
      trailers: { 'repr-digest': `sha-256=:${digest}:` },
    }))
    t.equal(end.code, code, end.message)
    if (code === null) t.equal(end.result?.integrity, 'digest')
    else t.equal(end.file, null, 'there is no file')
  })
}

t.test('a page in place of the file is refused after its first bytes', async (t) => {
  const page = Buffer.from('<!doctype html><title>Log in</title>')
  const { code } = await get(t, () => ({
    status: 200,
    fields: { 'content-type': 'text/html' },
    body: [page, 'stall'],
  }))
  t.equal(code, 'ERR_DOWNLOAD_PROTOCOL')
})

t.test('an error of the server is reported with its status', async (t) => {
  const { code, message } = await get(t, () => ({ status: 404, fields: { 'content-length': '0' } }))
  t.equal(code, 'ERR_DOWNLOAD_HTTP')
  t.match(message, /404/)
})

t.test('an abort ends all requests', async (t) => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  const { code } = await get(
    t,
    (request) => honestly(FILE, request, (body) => [body.subarray(0, 10), 'stall']),
    {
      signal: controller.signal,
      stallTimeout: 60_000,
    },
  )
  t.equal(code, 'ERR_DOWNLOAD_ABORTED')
})
