// Servers without ranges, without lengths or without validators, and servers that change their behaviour.
import type { Socket } from 'node:net'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  head,
  honest,
  lateron,
  makeContent,
  part,
  type RawRequest,
  type Resource,
  resource,
  type Script,
  sha256,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { get } from '../support/run.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'

const CONTENT = makeContent(200_000)
const OTHER = makeContent(190_000, 'version B')
const A = resource(CONTENT)
const SIZE = CONTENT.length
const LONG_AGO = 'Mon, 05 Jan 2026 10:00:00 GMT'
const A_MINUTE_LATER = 'Mon, 05 Jan 2026 10:01:00 GMT'
const REPR_DIGEST = `sha-256=:${Buffer.from(sha256(CONTENT), 'hex').toString('base64')}:`

/** Sends the whole file, with or without a Range. */
const rangeless =
  ({ content, fields }: Resource): Script =>
  (_, socket) => {
    socket.write(head('200 OK', { ...fields, 'content-length': content.length }))
    socket.write(content)
  }

const closing =
  (status: string, send: (socket: Socket) => void): Script =>
  (_, socket) => {
    socket.write(`${status}\r\n\r\n`)
    send(socket)
  }

/** Resets the connection after the written bytes have arrived. */
function reset(socket: Socket): void {
  setTimeout(() => socket.resetAndDestroy(), 50)
}

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

interface Span {
  readonly start: number
  readonly end: number
}

/** Each download gets its own script, because some scripts count. */
type Row = Omit<Scenario, 'script'> & { script: () => Script }

const contentRange = ({ start, end }: Span): string => `bytes ${start}-${end - 1}/${SIZE}`

/** Sends the part that is asked for, but with `status`, as programs do that forget the 206. */
const unmarked =
  (status: string, mark: (span: Span) => string | null = contentRange): Script =>
  (request, socket) => {
    const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const { start, end } = range
    const marked = request.range === null ? null : mark(range)
    const field = marked === null ? {} : { 'content-range': marked }
    socket.write(head(status, { ...A.fields, ...field, 'content-length': end - start }))
    socket.write(CONTENT.subarray(start, end))
  }

/** Sends the part that is asked for, in chunks and with status 200, after an answer that breaks off. */
const chunkedParts: Script = (request, socket) => {
  const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
  if (request.index === 0) {
    socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
    return void socket.end(CONTENT.subarray(0, 20_000))
  }
  socket.write(head('200 OK', { ...A.fields, 'transfer-encoding': 'chunked' }))
  socket.write(Buffer.concat([chunk(CONTENT.subarray(start, end)), Buffer.from('0\r\n\r\n')]))
}

const rows: Row[] = [
  ...['200 OK', '203 Non-Authoritative Information'].flatMap((status) =>
    [undefined, 50_000].map((segmentSize) => ({
      name: `parts with status ${status}, of ${segmentSize ?? 'any size'}`,
      script: () => unmarked(status),
      ...(segmentSize === undefined ? {} : { options: { segmentSize } }),
      want: CONTENT,
    })),
  ),
  ...(
    [
      ['no Content-Range', () => null],
      ['another sign in Content-Range', (span) => contentRange(span).replace(' ', '=')],
      ['a Content-Range without a size', (span) => contentRange(span).replace(/\/.*/, '')],
      ['a Content-Range that ends behind its last byte', ({ start, end }) => `bytes ${start}-${end}/${SIZE}`],
      ['a Content-Range of the size alone', () => `bytes */${SIZE}`],
      ['a Content-Range that calls it the whole', ({ start, end }) => `bytes ${start}-${end - 1}/${end}`],
    ] satisfies [string, (span: Span) => string | null][]
  ).map(([name, mark]) => ({
    name: `parts with status 200, and ${name}`,
    script: () => unmarked('200 OK', mark),
    want: CONTENT,
  })),
  {
    name: 'parts in chunks with status 200, after the first answer broke off',
    script: () => chunkedParts,
    want: CONTENT,
  },
  {
    name: 'status 200 with a Content-Length that is less than the size in Content-Range',
    script: () => (_, socket) => {
      const field = { 'content-range': contentRange({ start: 0, end: SIZE }) }
      socket.write(head('200 OK', { ...A.fields, ...field, 'content-length': 90_000 }))
      socket.write(CONTENT.subarray(0, 90_000))
    },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  { name: 'a server that ignores Range', script: () => rangeless(A), want: CONTENT },
  {
    name: 'a server that ignores Range and has no validators',
    script: () => rangeless({ content: CONTENT, fields: {} }),
    want: CONTENT,
    also: (t, _, server) => t.equal(server.requests.length, 1, 'the first answer is used'),
  },
  {
    name: 'no length, so the end of the connection is the end of the file',
    script: () => closing('HTTP/1.1 200 OK\r\nConnection: close', (socket) => socket.end(CONTENT)),
    want: CONTENT,
    also: (t, end) => t.equal(end.result?.integrity, 'nothing', 'it does not count as a proof'),
  },
  {
    name: 'HTTP/1.0',
    script: () => closing('HTTP/1.0 200 OK', (socket) => socket.end(CONTENT)),
    want: CONTENT,
  },
  {
    name: 'HTTP/1.0 with a length',
    script: () => closing(`HTTP/1.0 200 OK\r\nContent-Length: ${SIZE}`, (socket) => socket.end(CONTENT)),
    want: CONTENT,
    also: (t, end) => t.equal(end.result?.integrity, 'length'),
  },
  {
    name: 'chunked',
    script: () =>
      closing('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', (socket) => {
        socket.write(chunk(CONTENT))
        socket.write('0\r\n\r\n')
      }),
    want: CONTENT,
    also: (t, end) => t.equal(end.result?.integrity, 'length'),
  },
  {
    name: 'chunked, cut off each time',
    script: () =>
      closing('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', (socket) => {
        socket.write(chunk(CONTENT))
        socket.end()
      }),
    options: { retries: 2 },
    want: 'ERR_DOWNLOAD_NETWORK',
    also: (t, _, server) => t.equal(server.requests.length, 4, 'the first one asked for a part'),
  },
  {
    name: 'no length, and a reset that the HTTP stack hides',
    script: () =>
      closing('HTTP/1.1 200 OK\r\nConnection: close', (socket) => {
        socket.write(CONTENT.subarray(0, 100_000))
        reset(socket)
      }),
    options: { retries: 2 },
    want: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'no length, and a reset the first time',
    script: () => (request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
      if (request.index > 0) return void socket.end(CONTENT)
      socket.write(CONTENT.subarray(0, 100_000))
      reset(socket)
    },
    want: CONTENT,
  },
  {
    name: 'no ranges, cut off twice',
    script: () => (request, socket) => {
      socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
      if (request.index > 1) return void socket.write(CONTENT)
      socket.write(CONTENT.subarray(0, 100_000))
      reset(socket)
    },
    want: CONTENT,
  },
  {
    name: 'ranges at first, then only the whole file of the same version',
    script: () => lateron(2, rangeless(A), A),
    want: CONTENT,
  },
  {
    name: 'ranges at first, then only the whole file of another version',
    script: () => lateron(2, rangeless(resource(OTHER)), A),
    want: OTHER,
  },
  {
    name: 'the whole file at first, which breaks off, then ranges',
    script: () => (request, socket) => {
      if (request.index > 0) return answerHonestly(A, request, socket)
      socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
      socket.write(CONTENT.subarray(0, 100_000))
      reset(socket)
    },
    want: CONTENT,
  },
  {
    name: 'the whole file to any If-Range',
    script: () => (request, socket) => {
      if (request.headers.has('if-range')) return rangeless(A)(request, socket)
      answerHonestly(A, request, socket)
    },
    want: CONTENT,
    also: (t, _, server) =>
      t.notOk(
        server.requests.some((request) => request.range === null),
        'the validators of each answer are compared instead',
      ),
  },
  {
    name: 'ranges without any validator',
    script: () => honest({ content: CONTENT, fields: {} }),
    want: CONTENT,
    also: (t, _, server) => t.equal(server.requests.at(-1)?.range, null),
  },
  {
    name: 'ranges without any validator, cut off twice',
    script: () => (request, socket) => {
      const isCut = request.range === null && request.index < 3
      if (!isCut) return answerHonestly({ content: CONTENT, fields: {} }, request, socket)
      socket.write(head('200 OK', { 'content-length': SIZE }))
      socket.write(OTHER.subarray(0, 100_000))
      reset(socket)
    },
    want: CONTENT,
  },
  {
    name: 'a weak entity-tag',
    script: () => honest({ content: CONTENT, fields: { etag: 'W/"1"' } }),
    want: CONTENT,
    also: (t, _, server) => t.equal(server.requests.at(-1)?.range, null),
  },
  {
    name: 'a Last-Modified a minute before Date, which is strong',
    script: () => honest({ content: CONTENT, fields: { 'last-modified': LONG_AGO, date: A_MINUTE_LATER } }),
    want: CONTENT,
    also: (t, _, server) => t.equal(server.requests.at(-1)?.headers.get('if-range'), LONG_AGO),
  },
  {
    name: 'a younger Last-Modified, which is weak',
    script: () => honest({ content: CONTENT, fields: { 'last-modified': LONG_AGO, date: LONG_AGO } }),
    want: CONTENT,
    also: (t, _, server) => {
      t.equal(server.requests.at(-1)?.range, null)
      t.notOk(server.requests.some((request) => request.headers.has('if-range')))
    },
  },
  {
    name: 'an entity-tag that differs with every node',
    script: () => (request, socket) => answerHonestly(nodeOf(request), withoutCondition(request), socket),
    want: CONTENT,
    also: (t, _, server) => t.ok(server.requests.length < 20, `${server.requests.length} requests`),
  },
  {
    name: 'an entity-tag per node, and a Repr-Digest that proves the same content',
    script: () => (request, socket) => {
      const { content, fields } = nodeOf(request)
      const digested = { content, fields: { ...fields, 'repr-digest': REPR_DIGEST } }
      answerHonestly(digested, withoutCondition(request), socket)
    },
    want: CONTENT,
    also: (t, end, server) => {
      t.equal(end.result?.integrity, 'digest')
      t.notOk(server.requests.some((request) => request.range === null))
    },
  },
  {
    name: 'an entity-tag per node, and every answer breaks off',
    script: () => (request, socket) => {
      const { fields } = nodeOf(request)
      const range = wanted(request, SIZE)
      const { start } = range ?? { start: 0 }
      socket.write(
        range === null ? head('200 OK', { ...fields, 'content-length': SIZE }) : part(range, SIZE, fields),
      )
      socket.write(CONTENT.subarray(start, start + 1000))
      reset(socket)
    },
    options: { retries: 2 },
    want: 'ERR_DOWNLOAD_NETWORK',
    also: (t, _, server) => t.ok(server.requests.length < 40, `${server.requests.length} requests`),
  },
  {
    name: 'another version with every request',
    script: () => (request, socket) => {
      const content = makeContent(SIZE, `version ${request.index}`)
      answerHonestly(resource(content), request, socket)
    },
    want: 'any',
    also: (t, end) => {
      const version = /version \d+/.exec(end.file?.toString('latin1') ?? '')?.[0] ?? ''
      sameBytes(t, end.file, makeContent(SIZE, version), version)
    },
  },
  { name: 'an empty file', script: () => honest(resource(Buffer.alloc(0))), want: Buffer.alloc(0) },
  {
    name: 'an empty file, without ranges',
    script: () => rangeless(resource(Buffer.alloc(0))),
    want: Buffer.alloc(0),
  },
  { name: 'a file of one byte', script: () => honest(resource(Buffer.from('x'))), want: Buffer.from('x') },
]

function nodeOf(request: RawRequest): Resource {
  return { content: CONTENT, fields: { etag: `"node ${request.index}"` } }
}

function withoutCondition(request: RawRequest): RawRequest {
  const headers = new Map(request.headers)
  headers.delete('if-range')
  return { ...request, headers }
}

for (const connections of [1, 3]) {
  for (const row of rows) {
    t.test(`${outcomeOf(row.want)} (${row.name}, ${connections} connections)`, (t) =>
      play(t, { ...row, script: row.script() }, { segmentSize: 30_000, connections }),
    )
  }
}

t.test('the first request is a GET of the first segment that asks for digests', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  await get(`${server.url}/file.bin`, t.testdir({}), { segmentSize: 30_000, connections: 2 })
  const [first] = server.requests
  t.strictSame(first?.range, { start: 0, end: 29_999 })
  t.equal(first?.headers.get('accept-encoding'), 'identity')
  t.match(first?.headers.get('want-repr-digest'), /sha-256=/)
  t.match(first?.headers.get('want-content-digest'), /sha-256=/)
  t.notOk(first?.headers.has('if-range'), 'nothing is held yet')
  for (const request of server.requests.slice(1)) t.equal(request.headers.get('if-range'), A.fields['etag'])
})
