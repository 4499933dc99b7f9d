import t from 'tap'
import { decide, type RangeRequest, type Selected } from '#plugin/decision.js'

const MODIFIED = 784_111_777
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

const selected: Selected = {
  size: 100,
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
const FIRST_FIVE = { kind: 'partial', range: { first: 0, last: 4 } } as const

function table(title: string, rows: readonly Row[]): void {
  t.test(title, async (t) => {
    for (const { name, method = 'GET', range, conditions = {}, of = {}, want } of rows) {
      t.strictSame(decide({ method, range, conditions }, { ...selected, ...of }, 10), want, name)
    }
  })
}

table('§14.2 the Range field', [
  { name: 'absent', want: FULL },
  { name: 'one range', range: 'bytes=0-4', want: FIRST_FIVE },
  {
    name: 'two ranges',
    range: 'bytes=0-4,10-14',
    want: {
      kind: 'multipart',
      ranges: [
        { first: 0, last: 4 },
        { first: 10, last: 14 },
      ],
    },
  },
  { name: 'one range left of two', range: 'bytes=0-4,100-', want: FIRST_FIVE },
  { name: 'one range joined of two', range: 'bytes=0-1,2-4', want: FIRST_FIVE },
  { name: 'unsatisfiable', range: 'bytes=100-', want: UNSATISFIABLE },
  { name: 'malformed', range: 'bytes=4-0', want: FULL },
  { name: 'of another unit', range: 'lines=0-4', want: FULL },
  {
    name: 'of as much as the whole, in one',
    range: 'bytes=0-',
    want: { kind: 'partial', range: { first: 0, last: 99 } },
  },
  { name: 'of as much as the whole, in several', range: 'bytes=0-49,50-', want: FULL },
  { name: 'of more ranges than the limit', range: `bytes=${'0-0,'.repeat(11)}`, want: FULL },
  { name: 'where ranges are not served', range: 'bytes=0-4', of: { acceptRanges: 'none' }, want: FULL },
  {
    name: 'unsatisfiable where ranges are not served',
    range: 'bytes=100-',
    of: { acceptRanges: 'none' },
    want: FULL,
  },
  { name: 'of the empty representation', range: 'bytes=0-', of: { size: 0 }, want: UNSATISFIABLE },
  { name: 'a suffix of the empty representation', range: 'bytes=-5', of: { size: 0 }, want: FULL },
])

table('§14.2 "GET is the only method for which range handling is defined"', [
  { name: 'HEAD', method: 'HEAD', range: 'bytes=0-4', want: FULL },
  { name: 'HEAD, unsatisfiable', method: 'HEAD', range: 'bytes=100-', want: FULL },
  { name: 'POST', method: 'POST', range: 'bytes=0-4', want: FULL },
  { name: 'PUT, unsatisfiable', method: 'PUT', range: 'bytes=100-', want: FULL },
  { name: 'DELETE', method: 'DELETE', range: 'bytes=0-4', want: FULL },
  { name: 'OPTIONS', method: 'OPTIONS', range: 'bytes=0-4', want: FULL },
  { name: 'get, which is another method', method: 'get', range: 'bytes=0-4', want: FULL },
])

table('§14.2 "The Range header field is evaluated after evaluating the precondition header fields"', [
  { name: 'If-Match true', range: 'bytes=0-4', conditions: { ifMatch: '"v1"' }, want: FIRST_FIVE },
  { name: 'If-Match false', range: 'bytes=0-4', conditions: { ifMatch: '"v0"' }, want: FAILED },
  {
    name: 'If-Match false, unsatisfiable',
    range: 'bytes=100-',
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
    range: 'bytes=100-',
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
    range: 'bytes=100-',
    conditions: { ifRange: '"v0"' },
    want: FULL,
  },
  {
    name: 'true and unsatisfiable',
    range: 'bytes=100-',
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
