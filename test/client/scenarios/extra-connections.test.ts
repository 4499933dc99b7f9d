// While the first stream is receiving, no answer to an extra connection ends the download, and no such answer is asked for
// again and again.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DownloadOptions } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  type HostileServer,
  head,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  send,
  startHostile,
} from '../support/hostile-server.ts'
import { get, names } from '../support/run.ts'

const CONTENT = makeContent(6 * 1024 * 1024)
const SIZE = CONTENT.length
const A = resource(CONTENT)
const STEPS = 60
const QUIET = 400

// Each part waits until it is on the disk, which takes seconds on a busy one.
t.setTimeout(180_000)

/** Sends the whole file slowly. Its last piece comes only after others have been answered and had time to ask again. */
async function firstStream(request: RawRequest, socket: Socket, server: HostileServer): Promise<void> {
  if (request.range === null) socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
  else socket.write(part({ start: 0, end: SIZE }, SIZE, A.fields))
  for (let i = 0; i < STEPS && !socket.destroyed; i++) {
    if (i === STEPS - 1) {
      for (let wait = 0; wait < 500 && server.requests.length < 2; wait++) await sleep(10)
      await sleep(QUIET)
    }
    await send(socket, CONTENT.subarray((SIZE / STEPS) * i, (SIZE / STEPS) * (i + 1)))
    await sleep(10)
  }
}

const answer =
  (status: string, fields: Readonly<Record<string, string | number>> = {}, body = ''): Script =>
  (_, socket) => {
    const length = /^(?:1|204|304)/.test(status) ? {} : { 'content-length': body.length }
    socket.write(head(status, { ...length, ...fields }))
    socket.write(body)
  }

/** Sends the first `bytes` of what was asked for. */
const some =
  (bytes: number, fields: Readonly<Record<string, string>> = A.fields): Script =>
  ({ range }, socket) => {
    const start = range?.start ?? 0
    const end = Math.min(start + bytes, range?.end == null ? SIZE : range.end + 1)
    socket.write(part({ start, end }, SIZE, fields))
    socket.write(CONTENT.subarray(start, end))
  }

const atLogin: Script = (request, socket) =>
  request.path === '/login'
    ? answer('200 OK', { 'content-type': 'text/html' }, '<html>')(request, socket)
    : answer('302 Found', { location: '/login' })(request, socket)

interface Row {
  readonly name: string
  readonly extra: Script
  /** What is answered after the first stream has ended. */
  readonly after?: Script
  /** The most requests in all. By default each of the three extra connections asks once. */
  readonly most?: number
  readonly options?: DownloadOptions
}

const HTML = { 'content-type': 'text/html' }
const CODED = { ...A.fields, 'content-encoding': 'gzip', 'content-range': `bytes 0-4/${SIZE}` }
/** Three connections, each with its first attempt and two more. */
const FEW = 1 + 3 * 3
const ONCE = 1 + 3
/** Each may ask once more without If-Range. */
const TWICE = 1 + 3 * 2

const ROWS: readonly Row[] = [
  { name: '302 without Location', extra: answer('302 Found') },
  { name: '302 to ftp', extra: answer('302 Found', { location: 'ftp://x/' }) },
  {
    name: '302 with two Locations',
    extra: (_, socket) =>
      void socket.write('HTTP/1.1 302 Found\r\nLocation: /x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n'),
  },
  {
    name: 'a redirect loop',
    extra: (request, socket) => answer('302 Found', { location: request.path })(request, socket),
    options: { maxRedirects: 3 },
    most: 1 + 3 * 4,
  },
  {
    name: 'a new redirect each time',
    extra: (request, socket) => answer('307 T', { location: `/${request.index}` })(request, socket),
    options: { maxRedirects: 3 },
    most: 1 + 3 * 4,
  },
  { name: '302 to a login page', extra: atLogin, most: 1 + 3 * 2 },
  {
    name: '302 to a port on which no server listens',
    extra: answer('302 F', { location: 'http://127.0.0.1:1/' }),
  },
  {
    name: '302 to https on a port without TLS',
    extra: ({ headers }, socket) =>
      void answer('302 F', { location: `https://${headers.get('host')}/` })({} as RawRequest, socket),
  },
  ...[101, 201, 204, 205, 226, 300, 304, 305, 401, 402, 404, 407, 410, 451, 501, 511].map((status) => ({
    name: String(status),
    extra: answer(`${status} X`),
    ...(status === 501 ? { most: TWICE } : {}),
  })),
  ...[400, 405, 412].map((status) => ({ name: String(status), extra: answer(`${status} X`), most: TWICE })),
  ...[403, 416, 429, 503, 509].map((status) => ({ name: String(status), extra: answer(`${status} X`) })),
  ...[202, 408, 500, 502].map((status) => ({ name: `${status}`, extra: answer(`${status} X`), most: FEW })),
  ...[202, 429, 500, 503].map((status) => ({
    name: `${status} with a Retry-After of a day`,
    extra: answer(`${status} X`, { 'retry-after': 86_400 }),
  })),
  { name: 'an HTML page', extra: answer('200 OK', HTML, '<html>') },
  { name: '206 with a content coding', extra: answer('206 P', CODED, 'hello') },
  { name: '206 without Content-Range', extra: answer('206 P', A.fields, 'hello') },
  {
    name: '206 with other bytes',
    extra: answer('206 P', { ...A.fields, 'content-range': `bytes 0-4/${SIZE}` }, 'hello'),
  },
  { name: '206 without validators', extra: some(1000, {}) },
  { name: '200 with some text and no validators', extra: answer('200 OK', {}, 'Please log in') },
  { name: '200 with an empty body', extra: answer('200 OK') },
  {
    name: '200 with the same file',
    extra: async (_, socket) => {
      socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
      await send(socket, CONTENT)
    },
    most: TWICE,
  },
  {
    name: 'a part with too many bytes',
    extra: ({ range }, socket) => {
      const start = range?.start ?? 0
      socket.write(part({ start, end: start + 10 }, SIZE, A.fields).replace(/content-length: 10\r\n/, ''))
      socket.end('12345678901')
    },
  },
  {
    name: 'a part with a wrong Content-Digest',
    extra: some(1000, { ...A.fields, 'content-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }),
    most: FEW,
  },
  // The bytes that come are kept, so the first stream ends earlier. A few more requests fetch the remainder.
  { name: 'a byte of what was asked for', extra: some(1), after: some(SIZE), most: 1 + 3 * 33 + 10 },
  {
    name: 'a broken head',
    extra: (_, socket) =>
      void socket.write('HTTP/1.1 206 P\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'),
  },
  { name: 'bytes that are not HTTP', extra: (_, socket) => void socket.end('SSH-2.0-x\r\n'), most: FEW },
  { name: 'a reset', extra: (_, socket) => void socket.resetAndDestroy() },
  {
    name: 'a part that breaks off at once',
    extra: ({ range }, socket) =>
      void socket.end(part({ start: range?.start ?? 0, end: SIZE }, SIZE, A.fields)),
    most: FEW,
  },
]

for (const { name, extra, after = extra, most = ONCE, options } of ROWS) {
  t.test(`the first stream finishes the download alone (extra connections get ${name})`, async (t) => {
    let isOver = false
    const server = await startHostile(async (request, socket) => {
      if (request.index > 0) return await (isOver ? after : extra)(request, socket)
      socket.once('close', () => {
        isOver = true
      })
      await firstStream(request, socket, server)
    })
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const end = await get(`${server.url}/file.bin`, dir, { retries: 2, stallTimeout: 5000, ...options })
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, CONTENT, 'the file is exact')
    t.strictSame(names(dir), ['file.bin'])
    t.ok(server.requests.length > 1, 'extra connections were used')
    t.ok(server.requests.length <= most, `${server.requests.length} requests, at most ${most}`)
  })
}
