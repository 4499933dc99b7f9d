import t from 'tap'
import { type Decision, decide, type RangeRequest } from '#plugin/rules/decision.js'
import {
  copyOf,
  isConditional,
  type RangeLimits,
  type Wanted,
  wantedAfter,
  wantedBy,
} from '#plugin/rules/wanted.js'

const LIMITS: RangeLimits = { acceptRanges: 'bytes', maxRanges: 3 }
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const HEAD = { kind: 'head' } as const
const WHOLE = { kind: 'whole' } as const
const SEVERAL = { kind: 'several' } as const
const FIRST_FIVE = { kind: 'range', first: 0, last: 4 } as const

function several(...ranges: readonly (readonly [number, number])[]): Wanted {
  return { kind: 'several', ranges: ranges.map(([first, last]) => ({ first, last })) }
}

interface Row {
  readonly name: string
  readonly method?: string
  readonly range?: string
  readonly conditions?: RangeRequest['conditions']
  readonly limits?: Partial<RangeLimits>
  readonly want: Wanted
}

function table(title: string, rows: readonly Row[]): void {
  t.test(title, async (t) => {
    for (const { name, method = 'GET', range, conditions = {}, limits = {}, want } of rows)
      t.strictSame(wantedBy({ method, range, conditions }, { ...LIMITS, ...limits }), want, name)
  })
}

table('a GET wants what its Range field names', [
  { name: 'absent', want: WHOLE },
  { name: 'one range', range: 'bytes=0-4', want: FIRST_FIVE },
  { name: 'one byte', range: 'bytes=7-7', want: { kind: 'range', first: 7, last: 7 } },
  { name: 'open-ended', range: 'bytes=5-', want: { kind: 'range', first: 5 } },
  { name: 'everything by a range', range: 'bytes=0-', want: { kind: 'range', first: 0 } },
  {
    name: 'a last position that no file has',
    range: `bytes=5-${'9'.repeat(30)}`,
    want: { kind: 'range', first: 5 },
  },
  { name: 'a suffix', range: 'bytes=-5', want: { kind: 'suffix', length: 5 } },
  { name: 'two ranges', range: 'bytes=0-4,10-14', want: several([0, 4], [10, 14]) },
  { name: 'two ranges in another order', range: 'bytes=10-14,0-4', want: several([10, 14], [0, 4]) },
  {
    name: 'a range and an open one',
    range: 'bytes=0-4,10-',
    want: several([0, 4], [10, Number.MAX_SAFE_INTEGER - 1]),
  },
  { name: 'a range and a suffix', range: 'bytes=0-4,-5', want: SEVERAL },
  { name: 'two ranges that are joined', range: 'bytes=0-1,2-4', want: several([0, 4]) },
  {
    name: 'ranges that overlap too often',
    range: 'bytes=0-4,1-5,2-6,3-7',
    limits: { maxRanges: 4 },
    want: SEVERAL,
  },
  { name: 'malformed', range: 'bytes=4-0', want: WHOLE },
  { name: 'of another unit', range: 'lines=0-4', want: WHOLE },
  { name: 'of more ranges than the limit', range: 'bytes=0-0,2-2,4-4,6-6', want: WHOLE },
  {
    name: 'of as many ranges as the limit',
    range: 'bytes=0-0,2-2,4-4',
    want: several([0, 0], [2, 2], [4, 4]),
  },
  { name: 'where ranges are not served', range: 'bytes=0-4', limits: { acceptRanges: 'none' }, want: WHOLE },
])

table('§14.1.2 a suffix of no bytes selects nothing of any representation', [
  { name: 'alone', range: 'bytes=-0', want: HEAD },
  { name: 'twice', range: 'bytes=-0,-0', want: HEAD },
  { name: 'beside a range', range: 'bytes=-0,0-4', want: FIRST_FIVE },
  { name: 'beside a suffix', range: 'bytes=-5,-0', want: { kind: 'suffix', length: 5 } },
  { name: 'where ranges are not served', range: 'bytes=-0', limits: { acceptRanges: 'none' }, want: WHOLE },
])

table('a request that asks about a copy wants the metadata first', [
  { name: 'HEAD', method: 'HEAD', want: HEAD },
  { name: 'HEAD with a range', method: 'HEAD', range: 'bytes=0-4', want: HEAD },
  { name: 'If-None-Match', conditions: { ifNoneMatch: '"a"' }, want: HEAD },
  { name: 'If-Modified-Since', conditions: { ifModifiedSince: DATE }, want: HEAD },
  { name: 'If-None-Match with a range', range: 'bytes=0-4', conditions: { ifNoneMatch: '"a"' }, want: HEAD },
])

table('§13.1 a request that continues a download wants its range', [
  { name: 'If-Match', range: 'bytes=0-4', conditions: { ifMatch: '"a"' }, want: FIRST_FIVE },
  {
    name: 'If-Unmodified-Since',
    range: 'bytes=0-4',
    conditions: { ifUnmodifiedSince: DATE },
    want: FIRST_FIVE,
  },
  { name: 'If-Range with a tag', range: 'bytes=0-4', conditions: { ifRange: '"a"' }, want: FIRST_FIVE },
  { name: 'If-Range with a date', range: 'bytes=0-4', conditions: { ifRange: DATE }, want: FIRST_FIVE },
  { name: 'If-Range with a weak tag', range: 'bytes=0-4', conditions: { ifRange: 'W/"a"' }, want: WHOLE },
  { name: 'If-Range without a validator', range: 'bytes=0-4', conditions: { ifRange: '' }, want: WHOLE },
  { name: 'If-Range without a range', conditions: { ifRange: '"a"' }, want: WHOLE },
])

table('§14.2 ranges are for GET', [
  { name: 'POST', method: 'POST', range: 'bytes=0-4', want: WHOLE },
  { name: 'POST with If-None-Match', method: 'POST', conditions: { ifNoneMatch: '"a"' }, want: WHOLE },
])

t.test('what is read follows from the decision', async (t) => {
  const rows: readonly (readonly [Decision, Wanted])[] = [
    [{ kind: 'full' }, WHOLE],
    [{ kind: 'partial', range: { first: 0, last: 4 } }, FIRST_FIVE],
    [{ kind: 'multipart', ranges: [{ first: 0, last: 4 }] }, several([0, 4])],
    [{ kind: 'not-modified', matched: 'strong' }, HEAD],
    [{ kind: 'precondition-failed' }, HEAD],
    [{ kind: 'unsatisfiable' }, HEAD],
  ]
  for (const [decision, want] of rows) {
    t.strictSame(wantedAfter('GET', decision), want, decision.kind)
    t.strictSame(wantedAfter('HEAD', decision), HEAD, decision.kind)
  }
})

t.test('a copy has nothing in common with what it was made of', async (t) => {
  const all: readonly Wanted[] = [WHOLE, FIRST_FIVE, SEVERAL, several([0, 4], [10, 14])]
  for (const wanted of all) {
    const copy = copyOf(wanted)
    t.strictSame(copy, wanted)
    t.not(copy, wanted)
    if (copy.kind !== 'several' || wanted.kind !== 'several' || copy.ranges === undefined) continue
    t.not(copy.ranges, wanted.ranges)
    t.not(copy.ranges[0], wanted.ranges?.[0])
  }
})

t.test('a request with any condition is conditional', async (t) => {
  t.notOk(isConditional({ conditions: {} }))
  t.notOk(isConditional({ conditions: { ifMatch: undefined } }))
  for (const name of ['ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifUnmodifiedSince', 'ifRange'])
    t.ok(isConditional({ conditions: { [name]: '' } }), name)
})

t.test('what is decided for a representation of any size is what was wanted, or less', async (t) => {
  const ends = ['0', '1', '4', '9', '10', '']
  const specs = ends.flatMap((first) => ends.map((last) => `${first}-${last}`))
  const ranges = [...specs, ...specs.flatMap((one) => ['-0', '3-5'].map((other) => `${one},${other}`))]
  let partial = 0
  for (const range of ranges.map((set) => `bytes=${set}`)) {
    const request: RangeRequest = { method: 'GET', range, conditions: {} }
    const wanted = wantedBy(request, LIMITS)
    for (const size of [0, 1, 5, 10, 1000]) {
      const selected = {
        size,
        acceptRanges: 'bytes',
        etag: undefined,
        lastModified: undefined,
        now: 0,
      } as const
      const decision = decide(request, selected, { maxRanges: LIMITS.maxRanges, partType: () => undefined })
      if (decision.kind === 'multipart') t.equal(wanted.kind, 'several', range)
      if (decision.kind !== 'partial' || wanted.kind === 'several') continue
      partial++
      t.strictSame(decision.range, rangeOf(wanted, size), `${range} of ${size}`)
    }
  }
  t.ok(partial > 100)
})

function rangeOf(wanted: Wanted, size: number): unknown {
  if (wanted.kind === 'suffix') return { first: Math.max(0, size - wanted.length), last: size - 1 }
  if (wanted.kind !== 'range') return undefined
  return { first: wanted.first, last: Math.min(wanted.last ?? size, size - 1) }
}
