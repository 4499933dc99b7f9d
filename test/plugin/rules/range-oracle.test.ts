import fc from 'fast-check'
import t from 'tap'
import { decide } from '#plugin/rules/decision.js'
import { serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, type RawResponse } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'
import { rangeHeaders } from './support/range-headers.ts'
import { askOracle, ORACLE_TYPE, type OracleAnswer } from './support/range-oracle.ts'

const MAX_RANGES = 6
const HTTP_SIZE = 300

// A failure prints its seed: give it as RANGE_SEED to see that run again.
const seed = Number(process.env['RANGE_SEED'] ?? Date.now() % 2 ** 31)

/** The plugin's decision in the oracle's words. */
function decided(value: string, size: number): OracleAnswer {
  const selected = { size, acceptRanges: 'bytes', etag: undefined, lastModified: undefined, now: 0 } as const
  const decision = decide({ method: 'GET', conditions: {}, range: value }, selected, {
    maxRanges: MAX_RANGES,
    partType: () => ORACLE_TYPE,
  })
  if (decision.kind === 'unsatisfiable') return { kind: 'unsatisfiable' }
  if (decision.kind === 'partial') return parts([decision.range])
  if (decision.kind === 'multipart') return parts(decision.ranges)
  return { kind: 'whole' }
}

function parts(ranges: readonly { first: number; last: number }[]): OracleAnswer {
  return {
    kind: 'parts',
    parts: ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })),
  }
}

t.test('the oracle answers the examples of §14.1.2 and §15.3.7.2', async (t) => {
  const part = (first: number, last: number) => parts([{ first, last }])
  t.strictSame(askOracle('bytes=-500', 10_000n, 9), part(9500, 9999))
  t.strictSame(askOracle('bytes=500-600,601-999', 10_000n, 9), part(500, 999))
  t.strictSame(askOracle('bytes=500-700,601-999', 10_000n, 9), part(500, 999))
  t.strictSame(askOracle('bytes=10000-', 10_000n, 9), { kind: 'unsatisfiable' })
  t.strictSame(askOracle('bytes=5-4', 10_000n, 9), { kind: 'whole' })
  t.strictSame(askOracle('bytes=0-9,5-14,10-19,15-24', 10_000n, 9), { kind: 'whole' })
})

t.test('100,000 random and mutated Range fields are decided as the oracle says', async (t) => {
  const sizes = fc.oneof(
    fc.nat({ max: 64 }),
    fc.nat({ max: 2000 }),
    fc.constantFrom(0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER),
  )
  const seen = { whole: 0, unsatisfiable: 0, parts: 0, several: 0 }
  fc.assert(
    fc.property(rangeHeaders, sizes, (value, size) => {
      const want = askOracle(value, BigInt(size), MAX_RANGES)
      seen[want.kind]++
      if (want.kind === 'parts' && want.parts.length > 1) seen.several++
      if (!sameAnswer(decided(value, size), want))
        throw new Error(`${show(decided(value, size))} for ${show(want)}`)
    }),
    { numRuns: 100_000, seed },
  )
  for (const [kind, count] of Object.entries(seen)) t.ok(count > 1000, `${count} of them were ${kind}`)
})

t.test('400 random Range fields are answered over HTTP as the oracle says', async (t) => {
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
  return parts(all)
}

function sameAnswer(a: OracleAnswer, b: OracleAnswer): boolean {
  return show(a) === show(b)
}

function show(answer: OracleAnswer): string {
  if (answer.kind !== 'parts') return answer.kind
  return answer.parts.map(({ first, last }) => `${first}-${last}`).join(',')
}
