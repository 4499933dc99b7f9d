// Unusual answers that clients accept: 206 without Range, 203, 300 with Location, credentials in a Location.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  head,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  startHostile,
} from '../support/hostile-server.ts'
import { get, names } from '../support/run.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'

const CONTENT = makeContent(300_000)
const SIZE = CONTENT.length
const A = resource(CONTENT)

/** Answers every request with 206, and breaks off after `cut` bytes. */
function always206(request: RawRequest, socket: Socket, { fields, cut }: Cut): void {
  const start = request.range?.start ?? 0
  const end = (request.range?.end ?? SIZE - 1) + 1
  socket.write(part({ start, end }, SIZE, fields))
  const body = CONTENT.subarray(start, Math.min(end, start + cut))
  if (body.length < end - start) socket.end(body)
  else socket.write(body)
}

interface Cut {
  readonly fields: Readonly<Record<string, string>>
  readonly cut: number
}

const first206 =
  (fields: Cut['fields']): Script =>
  (request, socket) =>
    always206(request, socket, { fields, cut: request.index === 0 ? 100_000 : SIZE })

const answer =
  (status: string, fields: Readonly<Record<string, string | number>>): Script =>
  (_, socket) => {
    socket.write(head(status, { 'content-length': SIZE, ...fields }))
    socket.write(CONTENT)
  }

const redirect =
  (status: string, to: string): Script =>
  (request, socket) =>
    request.path === '/file.bin'
      ? void socket.write(head(status, { location: to, 'content-length': 0 }))
      : answerHonestly(A, request, socket)

const DIGEST = `sha-256=${createHash('sha256').update(CONTENT).digest('hex')}`

const ROWS: Scenario[] = [
  { name: '206 always, cut once, no validators', script: first206({}), want: CONTENT },
  { name: '206 always, cut once, a weak tag', script: first206({ etag: 'W/"x"' }), want: CONTENT },
  { name: '206 always, cut once, a strong tag', script: first206(A.fields), want: CONTENT },
  {
    name: '206 to a request without Range, and 416 to any Range',
    script: (request, socket) =>
      request.range === null
        ? always206(request, socket, { fields: {}, cut: SIZE })
        : void socket.write(head('416 No', { 'content-length': 0 })),
    want: CONTENT,
  },
  {
    name: '206 with a part to a request without Range',
    script: (request, socket) =>
      request.range === null
        ? void socket.end(part({ start: 0, end: 10 }, SIZE, {}) + CONTENT.toString('latin1', 0, 10))
        : void socket.write(head('416 No', { 'content-length': 0 })),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: '203 with the file',
    script: answer('203 Non-Authoritative Information', A.fields),
    want: CONTENT,
    also: (t, end) => {
      t.equal(end.result?.etag, null, 'the tag belongs to the bytes of the origin')
      t.equal(end.result?.integrity, 'length')
    },
  },
  {
    name: '203 with the digest of what the origin sent',
    script: answer('203 N', { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }),
    want: CONTENT,
  },
  {
    name: '203 with other bytes than the checksum',
    script: answer('203 N', {}),
    options: { checksum: DIGEST.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: '203 that breaks off once',
    script: (request, socket) => {
      if (request.index > 0) return answer('203 N', A.fields)(request, socket)
      socket.write(head('203 N', { 'content-length': SIZE, ...A.fields }))
      socket.end(CONTENT.subarray(0, 100_000))
    },
    want: CONTENT,
    also: (t, _, server) =>
      t.strictSame(
        server.requests.map(({ headers }) => headers.get('if-range')),
        [undefined, undefined],
      ),
  },
  { name: '300 with Location', script: redirect('300 Multiple Choices', '/b'), want: CONTENT },
  {
    name: '300 with a Location in a circle',
    script: redirect('300 Multiple Choices', '/file.bin'),
    options: { maxRedirects: 3 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: '300 with a Location to ftp',
    script: redirect('300 Multiple Choices', 'ftp://x/'),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
]

for (const row of ROWS) t.test(`${outcomeOf(row.want)} (${row.name})`, (t) => play(t, row, { retries: 2 }))

t.test('the bytes of a 203 are not resumed', async (t) => {
  let isWhole = false
  const server = await startHostile((request, socket) => {
    if (isWhole) return answerHonestly(A, request, socket)
    socket.write(head('203 N', { 'content-length': SIZE, ...A.fields }))
    socket.end(CONTENT.subarray(0, 100_000))
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  t.equal((await get(`${server.url}/file.bin`, dir, { retries: 0 })).code, 'ERR_DOWNLOAD_NETWORK')
  isWhole = true
  const end = await get(`${server.url}/file.bin`, dir, {})
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(end.result?.resumed, 0)
})

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

/** Serves only with these credentials. */
const guarded =
  (credentials: string): Script =>
  (request, socket) => {
    if (request.headers.get('authorization') === basic(credentials)) return answerHonestly(A, request, socket)
    socket.write(head('401 No', { 'www-authenticate': 'Basic realm="x"', 'content-length': 0 }))
  }

t.test('user and password in a Location are sent to its target', async (t) => {
  const third = await startHostile((request, socket) => answerHonestly(A, request, socket))
  const other = await startHostile((request, socket) =>
    request.path === '/on'
      ? void socket.write(head('302 F', { location: `${third.url}/file.bin`, 'content-length': 0 }))
      : guarded('e:p%')(request, socket),
  )
  const at = (origin: string, path: string): string => origin.replace('//', '//e:p%25@') + path
  const server = await startHostile((request, socket) => {
    const to = new Map([
      ['/same', at(server.url, '/guarded.bin')],
      ['/other', at(other.url, '/guarded.bin')],
      ['/relative', at(server.url, '/same-2')],
      ['/same-2', '/guarded.bin'],
      ['/third', at(other.url, '/on')],
      ['/user', at(server.url, '/').replace(':p%25@', '@').replace(/\/$/, '/user.bin')],
      ['/nowhere', at('ftp://x', '/')],
      ['/loop', at(server.url, '/loop')],
    ]).get(request.path)
    if (to !== undefined) socket.write(head('302 F', { location: to, 'content-length': 0 }))
    else void guarded(request.path === '/user.bin' ? 'e:' : 'e:p%')(request, socket)
  })
  for (const each of [server, other, third]) t.teardown(() => each.stop())
  for (const path of ['/same', '/other', '/relative', '/user', '/third']) {
    const end = await get(server.url + path, t.testdir({}), {})
    sameBytes(t, end.file, CONTENT, `${path} ${end.message}`)
  }
  t.ok(third.requests.length > 0)
  for (const { headers } of third.requests) t.notOk(headers.has('authorization'), 'a third origin')
  for (const path of ['/nowhere', '/loop']) {
    const { code, message } = await get(server.url + path, t.testdir({}), { maxRedirects: 3 })
    t.equal(code, 'ERR_DOWNLOAD_PROTOCOL')
    t.notMatch(message, /p%|e:|ZTpw/, 'the message does not show them')
  }
})

t.test(
  'the Authorization of the caller is sent only to its origin, even if a Location has credentials',
  async (t) => {
    const other = await startHostile(guarded('e:p'))
    const server = await startHostile((request, socket) => {
      const origin = request.path.startsWith('/other') ? other.url : server.url
      const location = `${origin.replace('//', '//e:p@')}/file.bin`
      if (request.path !== '/file.bin') socket.write(head('302 F', { location, 'content-length': 0 }))
      else void guarded('me:mine')(request, socket)
    })
    for (const each of [server, other]) t.teardown(() => each.stop())
    for (const path of ['/same', '/other']) {
      const dir = t.testdir({})
      const end = await get(server.url + path, dir, { headers: { authorization: basic('me:mine') } })
      sameBytes(t, end.file, CONTENT, `${path} ${end.message}`)
      t.strictSame(names(dir), ['file.bin'])
    }
  },
)
