import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { assertParts, blocks, rangeField } from '../support/block-ranges.ts'
import { serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, RawConnection, requestBytes } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const CONTENT = numberedLines(2_000_000)
/** Node's default for all header lines of a request together, in bytes. */
const NODE_LIMIT = 16 * 1024

t.test('hundreds of ranges in one field are served', async (t) => {
  const server = await serveFiles(t, { files: { 'a.bin': CONTENT } })
  for (const count of [500, 2]) await assertParts(t, { server, content: CONTENT, asked: blocks(count) })
})

t.test("a Range field at Node's limit is served, and a longer one is refused", async (t) => {
  const server = await serveFiles(t, { files: { 'a.bin': CONTENT } })
  const most = blocks(800).findLastIndex((_, index, all) => {
    const fields = [rangeField(all.slice(0, index + 1))]
    return requestBytes({ target: '/files/a.bin', fields }).length < NODE_LIMIT - 100
  })
  const asked = blocks(most + 1)
  t.ok(asked.length > 700, `${asked.length} ranges fit`)
  const served = await server.ask({ target: '/files/a.bin', fields: [rangeField(asked)] })
  t.equal(served.status, 206)
  const parts = parseMultipart(String(field(served, 'content-type')), served.body)
  t.strictSame(
    parts.map(({ first, last }) => ({ first, last })),
    asked,
  )

  const connection = await RawConnection.open(server.port)
  t.teardown(() => connection.close())
  connection.write({ target: '/files/a.bin', fields: [['range', `bytes=${'0-0,'.repeat(5000)}`]] })
  t.equal((await connection.read()).status, 431)
  t.equal((await server.ask({ target: '/files/a.bin', fields: [['range', 'bytes=0-0']] })).status, 206)
})

t.test('§17.15 a set that is more work than the whole file gets the whole file once', async (t) => {
  const server = await serveFiles(t, { files: { 'a.bin': CONTENT } })
  const sets = [
    {
      name: 'a pile of open ends',
      value: `bytes=${Array.from({ length: 1000 }, (_, index) => `${index}-`)}`,
    },
    { name: 'the same byte a thousand times', value: `bytes=${'0-0,'.repeat(1000)}` },
    {
      name: 'suffixes in a pile',
      value: `bytes=${Array.from({ length: 1000 }, (_, index) => `-${index + 1}`)}`,
    },
    { name: 'twice the whole', value: 'bytes=0-,0-' },
    {
      name: 'more ranges than the limit',
      value: `bytes=${Array.from({ length: 1001 }, (_, i) => `${i * 2}-${i * 2}`)}`,
    },
  ]
  for (const { name, value } of sets) {
    const answer = await server.ask({ target: '/files/a.bin', fields: [['range', value]] })
    t.equal(answer.status, 200, name)
    sameBytes(t, answer.body, CONTENT, name)
  }
})

t.test('a multipart answer is always shorter than the representation', async (t) => {
  const small = numberedLines(7877)
  const server = await serveFiles(t, { files: { 'small.txt': small } })
  const statuses = []
  for (const count of [2, 40, 60, 61, 70, 1000]) {
    const tiny = Array.from({ length: count }, (_, index) => `${index * 2}-${index * 2}`)
    const answer = await server.ask({ target: '/files/small.txt', fields: [['range', `bytes=${tiny}`]] })
    statuses.push(answer.status)
    if (answer.status === 200) sameBytes(t, answer.body, small, `${count} bytes, all of it`)
    else t.ok(answer.body.length < small.length, `${count} bytes in ${answer.body.length}`)
  }
  t.strictSame(statuses, [206, 206, 206, 206, 200, 200])
})
