import t from 'tap'
import type { EntityTag } from '#plugin/rules/entity-tag.js'
import {
  type Conditions,
  evaluatePreconditions,
  rangeApplies,
  type Validators,
} from '#plugin/rules/preconditions.js'

const MODIFIED = 784_111_777
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT'
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'
const NOW = MODIFIED + 3600

const strong: EntityTag = { strength: 'strong', opaque: 'v1' }
const weak: EntityTag = { strength: 'weak', opaque: 'v1' }
const current: Validators = { etag: strong, lastModified: MODIFIED, now: NOW }
const weakly: Validators = { ...current, etag: weak }
const undated: Validators = { ...current, lastModified: undefined }
const shared: Validators = { ...current, lastModifiedStrength: 'weak' }
const open: Validators = { ...current, lastModifiedStrength: 'open' }
const untagged: Validators = { ...current, etag: undefined }

type Row = {
  readonly name: string
  readonly fields: Conditions
  readonly to?: Validators
  readonly method?: string
  readonly want: string
}

/** Evaluates each row; without a method it must hold for GET and HEAD. */
function table(title: string, rows: readonly Row[]): void {
  t.test(title, async (t) => {
    for (const { name, fields, to = current, method, want } of rows) {
      for (const each of method === undefined ? ['GET', 'HEAD'] : [method]) {
        t.equal(evaluatePreconditions(each, fields, to).kind, want, `${name} (${each})`)
      }
    }
  })
}

const PROCEED = 'proceed'
const FAILED = 'precondition-failed'
const NOT_MODIFIED = 'not-modified'

table('§13.1.1 If-Match compares strongly', [
  { name: 'no condition', fields: {}, want: PROCEED },
  { name: 'the tag', fields: { ifMatch: '"v1"' }, want: PROCEED },
  { name: 'a list with the tag', fields: { ifMatch: '"v0", "v1"' }, want: PROCEED },
  { name: '"*"', fields: { ifMatch: '*' }, want: PROCEED },
  { name: '"*" without a tag', fields: { ifMatch: '*' }, to: untagged, want: PROCEED },
  { name: 'another tag', fields: { ifMatch: '"v0"' }, want: FAILED },
  { name: 'a list without the tag', fields: { ifMatch: '"v0", "v2"' }, want: FAILED },
  { name: 'the tag marked as weak', fields: { ifMatch: 'W/"v1"' }, want: FAILED },
  { name: 'the tag while ours is weak', fields: { ifMatch: '"v1"' }, to: weakly, want: FAILED },
  { name: 'the weak tag while ours is weak', fields: { ifMatch: 'W/"v1"' }, to: weakly, want: FAILED },
  { name: 'a tag where there is none', fields: { ifMatch: '"v1"' }, to: untagged, want: FAILED },
  { name: 'the tag without quotes', fields: { ifMatch: 'v1' }, want: FAILED },
  { name: 'the tag as part of another', fields: { ifMatch: '"v1,v1"' }, want: FAILED },
  { name: 'an empty list', fields: { ifMatch: '' }, want: FAILED },
  { name: 'a list of "*"', fields: { ifMatch: '*, *' }, want: FAILED },
])

table('§13.1.4 If-Unmodified-Since fails for a date before the last change', [
  { name: 'the date', fields: { ifUnmodifiedSince: SAME }, want: PROCEED },
  { name: 'a later date', fields: { ifUnmodifiedSince: LATER }, want: PROCEED },
  { name: 'an earlier date', fields: { ifUnmodifiedSince: EARLIER }, want: FAILED },
  {
    name: 'the date, rfc850',
    fields: { ifUnmodifiedSince: 'Sunday, 06-Nov-94 08:49:37 GMT' },
    want: PROCEED,
  },
  {
    name: 'an earlier date, rfc850',
    fields: { ifUnmodifiedSince: 'Sunday, 06-Nov-94 08:49:36 GMT' },
    want: FAILED,
  },
  { name: 'the date, asctime', fields: { ifUnmodifiedSince: 'Sun Nov  6 08:49:37 1994' }, want: PROCEED },
  {
    name: 'an earlier date, asctime',
    fields: { ifUnmodifiedSince: 'Sun Nov  6 08:49:36 1994' },
    want: FAILED,
  },
  {
    name: '"MUST ignore" what is not a valid HTTP-date',
    fields: { ifUnmodifiedSince: '1990' },
    want: PROCEED,
  },
  { name: 'a list of dates', fields: { ifUnmodifiedSince: `${EARLIER}, ${EARLIER}` }, want: PROCEED },
  {
    name: '"MUST ignore" without a modification date',
    fields: { ifUnmodifiedSince: EARLIER },
    to: undated,
    want: PROCEED,
  },
])

table('§13.1.2 If-None-Match compares weakly', [
  { name: 'the tag', fields: { ifNoneMatch: '"v1"' }, want: NOT_MODIFIED },
  { name: 'the tag marked as weak', fields: { ifNoneMatch: 'W/"v1"' }, want: NOT_MODIFIED },
  { name: 'the tag while ours is weak', fields: { ifNoneMatch: '"v1"' }, to: weakly, want: NOT_MODIFIED },
  { name: 'a list with the tag', fields: { ifNoneMatch: '"v0", W/"v1"' }, want: NOT_MODIFIED },
  { name: 'a list with a comma inside a tag', fields: { ifNoneMatch: '"v0,", "v1"' }, want: NOT_MODIFIED },
  { name: '"*"', fields: { ifNoneMatch: '*' }, want: NOT_MODIFIED },
  { name: '"*" without a tag', fields: { ifNoneMatch: '*' }, to: untagged, want: NOT_MODIFIED },
  { name: 'another tag', fields: { ifNoneMatch: '"v0"' }, want: PROCEED },
  { name: 'a tag where there is none', fields: { ifNoneMatch: '"v1"' }, to: untagged, want: PROCEED },
  { name: 'the tag as part of another', fields: { ifNoneMatch: '"v1,v1"' }, want: PROCEED },
  { name: 'for POST', fields: { ifNoneMatch: '"v1"' }, method: 'POST', want: FAILED },
  { name: '"*" for PUT', fields: { ifNoneMatch: '*' }, method: 'PUT', want: FAILED },
  { name: 'another tag for DELETE', fields: { ifNoneMatch: '"v0"' }, method: 'DELETE', want: PROCEED },
])

table('§13.1.3 If-Modified-Since is answered with 304 for a date not before the last change', [
  { name: 'the date', fields: { ifModifiedSince: SAME }, want: NOT_MODIFIED },
  { name: 'a later date', fields: { ifModifiedSince: LATER }, want: NOT_MODIFIED },
  {
    name: 'a date beyond now',
    fields: { ifModifiedSince: 'Fri, 31 Dec 9999 23:59:59 GMT' },
    want: NOT_MODIFIED,
  },
  { name: 'an earlier date', fields: { ifModifiedSince: EARLIER }, want: PROCEED },
  {
    name: 'the date, rfc850',
    fields: { ifModifiedSince: 'Sunday, 06-Nov-94 08:49:37 GMT' },
    want: NOT_MODIFIED,
  },
  { name: 'the date, asctime', fields: { ifModifiedSince: 'Sun Nov  6 08:49:37 1994' }, want: NOT_MODIFIED },
  {
    name: 'an earlier date, asctime',
    fields: { ifModifiedSince: 'Sun Nov  6 08:49:36 1994' },
    want: PROCEED,
  },
  {
    name: '"MUST ignore" what is not a valid HTTP-date',
    fields: { ifModifiedSince: '2030-01-01' },
    want: PROCEED,
  },
  {
    name: '"MUST ignore" without a modification date',
    fields: { ifModifiedSince: SAME },
    to: undated,
    want: PROCEED,
  },
  {
    name: '"MUST ignore" if the method is POST',
    fields: { ifModifiedSince: SAME },
    method: 'POST',
    want: PROCEED,
  },
])

table('§13.2.2 preconditions are evaluated in the order of the steps 1 to 4', [
  {
    name: '1 before 2: If-Match true, If-Unmodified-Since false',
    fields: { ifMatch: '"v1"', ifUnmodifiedSince: EARLIER },
    want: PROCEED,
  },
  {
    name: '1 before 2: If-Match false, If-Unmodified-Since true',
    fields: { ifMatch: '"v0"', ifUnmodifiedSince: LATER },
    want: FAILED,
  },
  {
    name: '1 before 3: If-Match false, If-None-Match false',
    fields: { ifMatch: '"v0"', ifNoneMatch: '"v1"' },
    want: FAILED,
  },
  {
    name: '1, then 3: If-Match true, If-None-Match false',
    fields: { ifMatch: '"v1"', ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
  {
    name: '1, then 4: If-Match true, If-Modified-Since false',
    fields: { ifMatch: '"v1"', ifModifiedSince: SAME },
    want: NOT_MODIFIED,
  },
  {
    name: '2 before 3: If-Unmodified-Since false, If-None-Match false',
    fields: { ifUnmodifiedSince: EARLIER, ifNoneMatch: '"v1"' },
    want: FAILED,
  },
  {
    name: '2, then 3: If-Unmodified-Since true, If-None-Match false',
    fields: { ifUnmodifiedSince: SAME, ifNoneMatch: '"v1"' },
    want: NOT_MODIFIED,
  },
  {
    name: '2, then 4: both true of the same date',
    fields: { ifUnmodifiedSince: SAME, ifModifiedSince: SAME },
    want: NOT_MODIFIED,
  },
  {
    name: '3 before 4: If-None-Match true, If-Modified-Since false',
    fields: { ifNoneMatch: '"v0"', ifModifiedSince: SAME },
    want: PROCEED,
  },
  {
    name: '3 before 4: If-None-Match false, If-Modified-Since true',
    fields: { ifNoneMatch: '"v1"', ifModifiedSince: EARLIER },
    want: NOT_MODIFIED,
  },
  {
    name: '3 before 4: If-None-Match without anything in it, If-Modified-Since false',
    fields: { ifNoneMatch: '', ifModifiedSince: SAME },
    want: PROCEED,
  },
])

table('§8.8.2.2 a date that more than one version has does not prove that nothing has changed', [
  { name: 'If-Modified-Since, the date', fields: { ifModifiedSince: SAME }, to: shared, want: PROCEED },
  { name: 'a later date', fields: { ifModifiedSince: LATER }, to: shared, want: NOT_MODIFIED },
  { name: 'an earlier date', fields: { ifModifiedSince: EARLIER }, to: shared, want: PROCEED },
  { name: 'If-Unmodified-Since, the date', fields: { ifUnmodifiedSince: SAME }, to: shared, want: FAILED },
  { name: 'a later one', fields: { ifUnmodifiedSince: LATER }, to: shared, want: PROCEED },
  { name: 'an earlier one', fields: { ifUnmodifiedSince: EARLIER }, to: shared, want: FAILED },
])

table('a date that a later version can still get never proves that nothing has changed', [
  { name: 'If-Modified-Since, the date', fields: { ifModifiedSince: SAME }, to: open, want: PROCEED },
  { name: 'a later date', fields: { ifModifiedSince: LATER }, to: open, want: PROCEED },
  { name: 'an earlier date', fields: { ifModifiedSince: EARLIER }, to: open, want: PROCEED },
  { name: 'If-Unmodified-Since, the date', fields: { ifUnmodifiedSince: SAME }, to: open, want: FAILED },
  { name: 'a later one', fields: { ifUnmodifiedSince: LATER }, to: open, want: PROCEED },
  { name: 'an earlier one', fields: { ifUnmodifiedSince: EARLIER }, to: open, want: FAILED },
])

t.test(
  '§13.2.1 preconditions are ignored with a method that neither selects nor modifies a representation',
  async (t) => {
    const conditions: Conditions = {
      ifMatch: '"v0"',
      ifNoneMatch: '*',
      ifModifiedSince: SAME,
      ifUnmodifiedSince: EARLIER,
    }
    for (const method of ['OPTIONS', 'TRACE', 'CONNECT']) {
      for (const [name, value] of Object.entries(conditions)) {
        t.equal(
          evaluatePreconditions(method, { [name]: value }, current).kind,
          PROCEED,
          `${method} with ${name}`,
        )
      }
    }
  },
)

t.test('§15.4.5 a 304 reports whether the tag that matched is strong or weak', async (t) => {
  const matched = (ifNoneMatch: string): unknown => evaluatePreconditions('GET', { ifNoneMatch }, current)
  t.strictSame(matched('"v1"'), { kind: NOT_MODIFIED, matched: 'strong' })
  t.strictSame(matched('W/"v1"'), { kind: NOT_MODIFIED, matched: 'weak' })
  t.strictSame(matched('W/"v1", "v1"'), { kind: NOT_MODIFIED, matched: 'strong' }, 'both')
  t.strictSame(matched('*'), { kind: NOT_MODIFIED, matched: 'strong' })
})

t.test('§13.1.5 an If-Range applies only for the strong tag or the exact date of the version', async (t) => {
  const justNow: Validators = { ...current, now: MODIFIED }
  const oneSecondOld: Validators = { ...current, now: MODIFIED + 1 }
  const twoSecondsOld: Validators = { ...current, now: MODIFIED + 2 }
  const cases = [
    { name: 'absent', value: undefined, want: true },
    { name: 'the strong tag', value: '"v1"', want: true },
    { name: 'another tag', value: '"v0"', want: false },
    { name: 'the tag marked as weak', value: 'W/"v1"', want: false },
    { name: 'the weak tag while ours is weak', value: 'W/"v1"', to: weakly, want: false },
    { name: 'the strong tag while ours is weak', value: '"v1"', to: weakly, want: false },
    { name: 'a tag where there is none', value: '"v1"', to: untagged, want: false },
    { name: 'a list that holds the tag', value: '"v0", "v1"', want: false },
    { name: 'the tag twice', value: '"v1", "v1"', want: false },
    { name: '"*", which If-Range does not know', value: '*', want: false },
    { name: 'a tag that holds the tag', value: '"v1v1"', want: false },
    { name: 'the tag without quotes', value: 'v1', want: false },
    { name: 'an empty field', value: '', want: false },
    { name: 'the exact date', value: SAME, want: true },
    { name: 'the exact date, rfc850', value: 'Sunday, 06-Nov-94 08:49:37 GMT', want: true },
    { name: 'the exact date, asctime', value: 'Sun Nov  6 08:49:37 1994', want: true },
    { name: 'the exact date where there is no tag', value: SAME, to: untagged, want: true },
    { name: 'the exact date, of more than one version', value: SAME, to: shared, want: false },
    { name: 'the exact date, which a later version can get', value: SAME, to: open, want: false },
    { name: 'an earlier date', value: EARLIER, want: false },
    { name: 'a later date', value: LATER, want: false },
    { name: 'a date where there is none', value: SAME, to: undated, want: false },
    { name: 'what is not a valid HTTP-date', value: '1994-11-06T08:49:37Z', want: false },
    { name: 'the date twice', value: `${SAME}, ${SAME}`, want: false },
    {
      name: '§8.8.2.2 the exact date in the second of the change: not strong',
      value: SAME,
      to: justNow,
      want: false,
    },
    { name: 'the exact date, one second after the change', value: SAME, to: oneSecondOld, want: true },
    { name: 'the exact date, two seconds after the change', value: SAME, to: twoSecondsOld, want: true },
  ]
  for (const { name, value, to = current, want } of cases) t.equal(rangeApplies(value, to), want, name)
})
