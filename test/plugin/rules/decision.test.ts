import t from 'tap'
import { type DecisionPolicy, decide, type RangeRequest, type Selected } from '#plugin/rules/decision.js'

const MODIFIED = 784_111_777
const SIZE = 1000
const POLICY: DecisionPolicy = { maxRanges: 10, partType: () => 'text/plain' }
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

const selected: Selected = {
  size: SIZE,
  acceptRanges: 'bytes',
  etag: { strength: 'strong', opaque: 'v1' },
  lastModified: MODIFIED,
  now: MODIFIED + 3600,
}

type Row = {
  readonly name: string
  readonly method?: string
  readonly range?: string
  readonly conditions?: RangeRequest['conditions']
  readonly of?: Partial<Selected>
  readonly want: ReturnType<typeof decide>
}

const FULL = { kind: 'full' } as const
const FAILED = { kind: 'precondition-failed' } as const
const NOT_MODIFIED = { kind: 'not-modified', matched: 'strong' } as const
const UNSATISFIABLE = { kind: 'unsatisfiable' } as const
const TWO_PARTS = {
  kind: 'multipart',
  ranges: [
    { first: 0, last: 4 },
    { first: 10, last: 14 },
  ],
} as const
const FIRST_FIVE = { kind: 'partial', range: { first: 0, last: 4 } } as const

function table(title: string, rows: readonly Row[]): void {
  t.test(title, async (t) => {
    for (const { name, method = 'GET', range, conditions = {}, of = {}, want } of rows) {
      t.strictSame(decide({ method, range, conditions }, { ...selected, ...of }, POLICY), want, name)
    }
  })
}

table('§14.2 a Range field selects parts, the whole or nothing', [
  { name: 'absent', want: FULL },
  { name: 'one range', range: 'bytes=0-4', want: FIRST_FIVE },
  { name: 'two ranges', range: 'bytes=0-4,10-14', want: TWO_PARTS },
  { name: 'one range left of two', range: 'bytes=0-4,1000-', want: FIRST_FIVE },
  { name: 'one range joined of two', range: 'bytes=0-1,2-4', want: FIRST_FIVE },
  { name: 'unsatisfiable', range: 'bytes=1000-', want: UNSATISFIABLE },
  { name: 'malformed', range: 'bytes=4-0', want: FULL },
  { name: 'of another unit', range: 'lines=0-4', want: FULL },
  {
    name: 'of as much as the whole, in one',
    range: 'bytes=0-',
    want: { kind: 'partial', range: { first: 0, last: 999 } },
  },
  { name: 'of as much as the whole, in several', range: 'bytes=0-499,500-', want: FULL },
  { name: 'of more ranges than the limit', range: `bytes=${'0-0,'.repeat(11)}`, want: FULL },
  { name: 'where ranges are not served', range: 'bytes=0-4', of: { acceptRanges: 'none' }, want: FULL },
  {
    name: 'unsatisfiable where ranges are not served',
    range: 'bytes=1000-',
    of: { acceptRanges: 'none' },
    want: FULL,
  },
  { name: 'of the empty representation', range: 'bytes=0-', of: { size: 0 }, want: UNSATISFIABLE },
  { name: 'a suffix of the empty representation', range: 'bytes=-5', of: { size: 0 }, want: FULL },
])

// Two part heads of text/plain, their ten bytes and the closing line are 256 bytes.
table('§15.3.7.2 parts that together are not shorter than the whole are answered with the whole', [
  { name: 'as long as the whole', range: 'bytes=0-4,10-14', of: { size: 256 }, want: FULL },
  { name: 'longer than the whole', range: 'bytes=0-4,10-14', of: { size: 20 }, want: FULL },
  { name: 'one byte shorter', range: 'bytes=0-4,10-14', of: { size: 257 }, want: TWO_PARTS },
  { name: 'one range is never the whole', range: 'bytes=0-4', of: { size: 6 }, want: FIRST_FIVE },
  { name: 'joined into one', range: 'bytes=0-1,2-4', of: { size: 6 }, want: FIRST_FIVE },
  { name: 'one left of two', range: 'bytes=0-4,20-', of: { size: 20 }, want: FIRST_FIVE },
])

table('§14.2 "GET is the only method for which range handling is defined"', [
  { name: 'HEAD', method: 'HEAD', range: 'bytes=0-4', want: FULL },
  { name: 'HEAD, unsatisfiable', method: 'HEAD', range: 'bytes=1000-', want: FULL },
  { name: 'POST', method: 'POST', range: 'bytes=0-4', want: FULL },
  { name: 'PUT, unsatisfiable', method: 'PUT', range: 'bytes=1000-', want: FULL },
  { name: 'DELETE', method: 'DELETE', range: 'bytes=0-4', want: FULL },
  { name: 'OPTIONS', method: 'OPTIONS', range: 'bytes=0-4', want: FULL },
  { name: 'get, which is another method', method: 'get', range: 'bytes=0-4', want: FULL },
])

table('§14.2 "The Range header field is evaluated after evaluating the precondition header fields"', [
  { name: 'If-Match true', range: 'bytes=0-4', conditions: { ifMatch: '"v1"' }, want: FIRST_FIVE },
  { name: 'If-Match false', range: 'bytes=0-4', conditions: { ifMatch: '"v0"' }, want: FAILED },
  {
    name: 'If-Match false, unsatisfiable',
    range: 'bytes=1000-',
    conditions: { ifMatch: '"v0"' },
    want: FAILED,
  },
  { name: 'If-Match false, malformed', range: 'bytes=x', conditions: { ifMatch: '"v0"' }, want: FAILED },
  {
    name: 'If-None-Match false',
    range: 'bytes=0-4',
    conditions: { ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
  {
    name: 'If-None-Match false, unsatisfiable',
    range: 'bytes=1000-',
    conditions: { ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
  { name: 'If-None-Match true', range: 'bytes=0-4', conditions: { ifNoneMatch: '"v0"' }, want: FIRST_FIVE },
  {
    name: 'If-Modified-Since false',
    range: 'bytes=0-4',
    conditions: { ifModifiedSince: DATE },
    want: NOT_MODIFIED,
  },
  {
    name: 'If-Unmodified-Since true',
    range: 'bytes=0-4',
    conditions: { ifUnmodifiedSince: DATE },
    want: FIRST_FIVE,
  },
])

table('§13.1.5, §13.2.2 step 5: If-Range comes last', [
  { name: 'true', range: 'bytes=0-4', conditions: { ifRange: '"v1"' }, want: FIRST_FIVE },
  { name: 'true by date', range: 'bytes=0-4', conditions: { ifRange: DATE }, want: FIRST_FIVE },
  { name: 'false', range: 'bytes=0-4', conditions: { ifRange: '"v0"' }, want: FULL },
  {
    name: 'false and unsatisfiable: not a 416',
    range: 'bytes=1000-',
    conditions: { ifRange: '"v0"' },
    want: FULL,
  },
  {
    name: 'true and unsatisfiable',
    range: 'bytes=1000-',
    conditions: { ifRange: '"v1"' },
    want: UNSATISFIABLE,
  },
  { name: 'without Range', conditions: { ifRange: '"v0"' }, want: FULL },
  {
    name: 'false, If-Match true',
    range: 'bytes=0-4',
    conditions: { ifRange: '"v0"', ifMatch: '"v1"' },
    want: FULL,
  },
  {
    name: 'true, If-Match false',
    range: 'bytes=0-4',
    conditions: { ifRange: '"v1"', ifMatch: '"v0"' },
    want: FAILED,
  },
  {
    name: 'true, If-None-Match false',
    range: 'bytes=0-4',
    conditions: { ifRange: '"v1"', ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
  {
    name: 'false, If-None-Match false',
    range: 'bytes=0-4',
    conditions: { ifRange: '"v0"', ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
])
