// Validators that two versions can share: an empty tag, the date of an epoch, or a date too close to that of the answer.
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { answerHonestly, makeContent, type RawRequest, startHostile } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const A = makeContent(600_000)
const B = makeContent(600_000, 'version B')
const NOW = Date.UTC(2026, 0, 5, 10)
const date = (seconds: number): string => new Date(NOW + seconds * 1000).toUTCString()

const EPOCH = 'Thu, 01 Jan 1970 00:00:00 GMT'
const rows: [name: string, fields: Record<string, string>][] = [
  ['an empty tag', { etag: '""' }],
  ['an empty weak tag', { etag: 'W/""' }],
  ['a tag of a dash', { etag: '"-"' }],
  ['a tag that says null', { etag: '"null"' }],
  ['the epoch', { 'last-modified': EPOCH, date: date(0) }],
  ['an empty tag and the epoch', { etag: '""', 'last-modified': EPOCH, date: date(0) }],
  ['a weak tag and the epoch', { etag: 'W/"a"', 'last-modified': EPOCH, date: date(0) }],
  ['a second after the epoch', { 'last-modified': 'Thu, 01 Jan 1970 00:00:01 GMT', date: date(0) }],
  ['the epoch of archives', { 'last-modified': 'Tue, 01 Jan 1980 00:00:00 GMT', date: date(0) }],
  ['the second of Date', { 'last-modified': date(0), date: date(0) }],
  ['half a minute before Date', { 'last-modified': date(-30), date: date(0) }],
  ['the future', { 'last-modified': date(9999), date: date(0) }],
]

for (const [name, fields] of rows) {
  t.test(`alternating contents are not mixed (${name})`, async (t) => {
    const server = await startHostile((request, socket) => {
      // A server that trusts its own validators, even if they are empty.
      const content = request.index % 2 === 0 ? A : B
      answerHonestly({ content, fields }, request, socket)
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { segmentSize: 50_000 })
    t.equal(end.code, null, end.message)
    t.ok(end.file !== null && (end.file.equals(A) || end.file.equals(B)), 'one version')
    t.notOk(server.requests.some(({ headers }) => headers.has('if-range')))
  })

  t.test(`another content after a broken connection starts over (${name})`, async (t) => {
    const server = await startHostile((request, socket) => {
      if (request.index > 0) return answerHonestly({ content: B, fields }, request, socket)
      return cutAnswer(request, fields, (bytes) => socket.end(bytes))
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, B)
  })
}

/** Sends half of what was asked for, as if the connection had broken. */
function cutAnswer(
  { range }: RawRequest,
  fields: Record<string, string>,
  write: (bytes: Buffer) => void,
): void {
  const start = range?.start ?? 0
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 206 Partial Content\r\n${lines.join('')}Content-Range: bytes ${start}-${A.length - 1}/${A.length}\r\n`
  const length = `Content-Length: ${A.length - start}\r\n\r\n`
  write(Buffer.concat([Buffer.from(head + length), A.subarray(start, A.length / 2)]))
}

t.test('the result does not have an empty entity-tag', async (t) => {
  const server = await startHostile((request, socket) =>
    answerHonestly({ content: A, fields: { etag: '""' } }, request, socket),
  )
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}))
  t.equal(end.result?.etag, null)
})
