import fc from 'fast-check'
import t from 'tap'
import { decide } from '#plugin/rules/decision.js'
import { rangeHeaders, seed } from './support/range-headers.ts'
import {
  askOracle,
  ORACLE_TYPE,
  type OracleAnswer,
  partsOf,
  sameAnswer,
  show,
} from './support/range-oracle.ts'

const MAX_RANGES = 6

/** The plugin's decision in the oracle's words. */
function decided(value: string, size: number): OracleAnswer {
  const selected = { size, acceptRanges: 'bytes', etag: undefined, lastModified: undefined, now: 0 } as const
  const decision = decide({ method: 'GET', conditions: {}, range: value }, selected, {
    maxRanges: MAX_RANGES,
    partType: () => ORACLE_TYPE,
  })
  if (decision.kind === 'unsatisfiable') return { kind: 'unsatisfiable' }
  if (decision.kind === 'partial') return partsOf([decision.range])
  if (decision.kind === 'multipart') return partsOf(decision.ranges)
  return { kind: 'whole' }
}

t.test('the oracle answers the examples of §14.1.2 and §15.3.7.2', async (t) => {
  const part = (first: number, last: number) => partsOf([{ first, last }])
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
