import fc from 'fast-check'
import t from 'tap'
import { rangeHeaders, seed } from '../rules/support/range-headers.ts'
import { askOracle, type OracleAnswer, partsOf, sameAnswer, show } from '../rules/support/range-oracle.ts'
import { serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, type RawResponse } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const MAX_RANGES = 6
const HTTP_SIZE = 300

t.test('400 random Range fields are answered as the oracle says', async (t) => {
  const content = numberedLines(HTTP_SIZE)
  const server = await serveFiles(t, { files: { 'a.txt': content }, plugin: { maxRanges: MAX_RANGES } })
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(rangeHeaders, async (value) => {
      const sendable = value.replace(/[^\t\x20-\xff]/g, '')
      const answer = await server.ask({ target: '/files/a.txt', fields: [['range', sendable]] })
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      const want = askOracle(sendable, BigInt(content.length), MAX_RANGES)
      const got = received(answer, content)
      if (!sameAnswer(got, want)) throw new Error(`${show(got)} for ${show(want)}`)
    }),
    { numRuns: 400, seed, examples: [['bytes=5-9'], ['bytes=0-1,5-6'], ['bytes=300-'], ['bytes=x']] },
  )
  t.strictSame([...statuses.keys()].sort(), [200, 206, 416])
  t.equal(
    [...statuses.values()].reduce((a, b) => a + b, 0),
    400,
  )
})

/** What a response says and holds, in the oracle's words; throws when the bytes are not those it names. */
function received(answer: RawResponse, content: Buffer): OracleAnswer {
  if (answer.status === 416 && field(answer, 'content-range') === `bytes */${content.length}`) {
    return { kind: 'unsatisfiable' }
  }
  if (answer.status === 200 && answer.body.equals(content)) return { kind: 'whole' }
  if (answer.status !== 206) throw new Error(`status ${answer.status}`)
  const single = /^bytes (\d+)-(\d+)\/300$/.exec(field(answer, 'content-range') ?? '')
  const all =
    single === null
      ? parseMultipart(field(answer, 'content-type') ?? '', answer.body)
      : [{ first: Number(single[1]), last: Number(single[2]), total: HTTP_SIZE, bytes: answer.body }]
  for (const { first, last, total, bytes } of all) {
    if (total !== HTTP_SIZE || !bytes.equals(content.subarray(first, last + 1)))
      throw new Error('other bytes than named')
  }
  return partsOf(all)
}
