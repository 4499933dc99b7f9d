import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import {
  isJoinable,
  isOtherVersion,
  isSameVersion,
  rangeValidator,
  strongTag,
  type Validators,
  validatorsOf,
} from '#client/rules/validators.js'

const OLD = 'Sun, 06 Nov 1994 08:49:37 GMT'
const MINUTE_LATER = 'Sun, 06 Nov 1994 08:50:37 GMT'
const OTHER = 'Mon, 07 Nov 1994 08:49:37 GMT'

type Facts = { total?: number | null; digests?: Record<string, string> } & Record<string, unknown>

/** The validators of an answer with these fields. Properties with a capital letter are fields. */
function validators({ total = 10, digests = {}, ...fields }: Facts): Validators {
  return validatorsOf(fieldLines(Object.entries(fields).flat() as string[]), total, digests)
}

t.test('the fields of an answer give its validators', async (t) => {
  t.strictSame(
    validators({ ETag: '"a"', 'Last-Modified': OLD, Date: MINUTE_LATER, digests: { 'sha-256': 'x' } }),
    {
      total: 10,
      etag: '"a"',
      lastModified: OLD,
      dateIsStrong: true,
      digests: { 'sha-256': 'x' },
    },
  )
  for (const tag of ['W/"a"', '""', '"\u0080"']) t.equal(validators({ ETag: tag }).etag, tag)
  for (const tag of ['a', '"a', 'w/"a"', '"a" ', '"a b"', 'x"a"'])
    t.equal(validators({ ETag: tag }).etag, tag === '"a" ' ? '"a"' : null, `${tag} is not an entity-tag`)
})

t.test('§8.8.2.2 a Last-Modified is strong a minute before Date', async (t) => {
  const cases: { name: string; fields: Facts; want: boolean }[] = [
    { name: 'a minute', fields: { 'Last-Modified': OLD, Date: MINUTE_LATER }, want: true },
    { name: 'less', fields: { 'Last-Modified': OLD, Date: 'Sun, 06 Nov 1994 08:50:36 GMT' }, want: false },
    {
      name: 'a second',
      fields: { 'Last-Modified': OLD, Date: 'Sun, 06 Nov 1994 08:49:38 GMT' },
      want: false,
    },
    ...[
      'Thu, 01 Jan 1970 00:00:00 GMT',
      'Thu, 01 Jan 1970 00:00:01 GMT',
      'Thursday, 01-Jan-70 00:00:00 GMT',
      'Thu Jan  1 00:00:00 1970',
      'Mon, 01 Jan 0001 00:00:00 GMT',
      'Mon, 01 Jan 1601 00:00:00 GMT',
      'Wed, 31 Dec 1969 23:59:59 GMT',
      'Tue, 01 Jan 1980 00:00:00 GMT',
      'Sat, 26 Oct 1985 08:15:00 GMT',
      'Sun, 31 Dec 1989 23:59:59 GMT',
    ].map((date) => ({ name: date, fields: { 'Last-Modified': date, Date: OLD }, want: false })),
    {
      name: 'the first date that can be one of HTTP',
      fields: { 'Last-Modified': 'Mon, 01 Jan 1990 00:00:00 GMT', Date: OLD },
      want: true,
    },
    { name: 'the same second', fields: { 'Last-Modified': OLD, Date: OLD }, want: false },
    { name: 'later than Date', fields: { 'Last-Modified': OTHER, Date: OLD }, want: false },
    { name: 'no Date', fields: { 'Last-Modified': OLD }, want: false },
    { name: 'no Last-Modified', fields: { Date: OLD }, want: false },
    { name: 'an invalid Date', fields: { 'Last-Modified': OLD, Date: 'now' }, want: false },
    { name: 'an invalid Last-Modified', fields: { 'Last-Modified': 'then', Date: OLD }, want: false },
  ]
  for (const { name, fields, want } of cases) t.equal(validators(fields).dateIsStrong, want, name)
})

t.test('§13.1.5 If-Range has the strong tag, otherwise the strong date', async (t) => {
  const dated = { 'Last-Modified': OLD, Date: MINUTE_LATER }
  const cases: { name: string; fields: Facts; tag: string | null; validator: string | null }[] = [
    { name: 'a strong tag', fields: { ...dated, ETag: '"a"' }, tag: '"a"', validator: '"a"' },
    {
      name: 'a strong date beside a weak tag',
      fields: { ...dated, ETag: 'W/"a"' },
      tag: null,
      validator: OLD,
    },
    { name: 'a strong date', fields: dated, tag: null, validator: OLD },
    { name: 'a weak date', fields: { 'Last-Modified': OLD, Date: OLD }, tag: null, validator: null },
    { name: 'nothing', fields: {}, tag: null, validator: null },
    ...['""', 'W/""', '"-"', '"--"', '"null"', '"undefined"', '"None"', '"NaN"'].map((ETag) => ({
      name: `the empty tag ${ETag}`,
      fields: { ETag },
      tag: null,
      validator: null,
    })),
    {
      name: 'an empty tag beside a strong date',
      fields: { ...dated, ETag: '""' },
      tag: null,
      validator: OLD,
    },
    { name: 'a tag of one character', fields: { ETag: '"0"' }, tag: '"0"', validator: '"0"' },
    {
      name: 'an epoch',
      fields: { ...dated, 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      tag: null,
      validator: null,
    },
  ]
  for (const { name, fields, tag, validator } of cases) {
    t.equal(strongTag(validators(fields)), tag, name)
    t.equal(rangeValidator(validators(fields)), validator, name)
  }
})

t.test('a version is joinable with a size and a strong validator or a digest', async (t) => {
  const cases: { name: string; fields: Facts; want: boolean }[] = [
    { name: 'a strong tag', fields: { ETag: '"a"' }, want: true },
    { name: 'a weak tag', fields: { ETag: 'W/"a"' }, want: false },
    { name: 'a digest of the whole', fields: { digests: { 'sha-256': 'x' } }, want: true },
    { name: 'a digest that only finds damage', fields: { digests: { md5: 'x' } }, want: false },
    { name: 'a strong tag without a size', fields: { ETag: '"a"', total: null }, want: false },
    { name: 'nothing', fields: {}, want: false },
  ]
  for (const { name, fields, want } of cases) t.equal(isJoinable(validators(fields)), want, name)
})

t.test('only equal digests, strong tags or strong dates prove the same version', async (t) => {
  const date = { 'Last-Modified': OLD, Date: MINUTE_LATER }
  const cases: { name: string; a: Facts; b: Facts; want: boolean }[] = [
    { name: 'one strong tag', a: { ETag: '"a"' }, b: { ETag: '"a"' }, want: true },
    { name: 'two strong tags', a: { ETag: '"a"' }, b: { ETag: '"b"' }, want: false },
    { name: 'a tag on one side', a: { ETag: '"a"', ...date }, b: date, want: false },
    { name: 'one weak tag', a: { ETag: 'W/"a"' }, b: { ETag: 'W/"a"' }, want: false },
    { name: 'one empty tag', a: { ETag: '""' }, b: { ETag: '""' }, want: false },
    {
      name: 'one empty tag and one strong date',
      a: { ETag: '""', ...date },
      b: { ETag: '""', ...date },
      want: true,
    },
    {
      name: 'an empty tag beside a tag',
      a: { ETag: '""', ...date },
      b: { ETag: '"a"', ...date },
      want: false,
    },
    {
      name: 'one epoch',
      a: { ...date, 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      b: { ...date, 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      want: false,
    },
    {
      name: 'one weak tag and one strong date',
      a: { ETag: 'W/"a"', ...date },
      b: { ETag: 'W/"a"', ...date },
      want: true,
    },
    {
      name: 'two weak tags and one strong date',
      a: { ETag: 'W/"a"', ...date },
      b: { ETag: 'W/"b"', ...date },
      want: false,
    },
    { name: 'a weak tag on one side, one strong date', a: { ETag: 'W/"a"', ...date }, b: date, want: false },
    { name: 'one strong date', a: date, b: date, want: true },
    { name: 'a date that is weak at first', a: { ...date, Date: OLD }, b: date, want: false },
    { name: 'a date that is weak at last', a: date, b: { ...date, Date: OLD }, want: false },
    {
      name: 'two dates',
      a: date,
      b: { ...date, 'Last-Modified': OTHER, Date: 'Tue, 08 Nov 1994 08:49:37 GMT' },
      want: false,
    },
    {
      name: 'two dates under one tag',
      a: { ETag: '"a"', ...date },
      b: { ETag: '"a"', 'Last-Modified': OTHER },
      want: true,
    },
    { name: 'a date on one side under one tag', a: { ETag: '"a"', ...date }, b: { ETag: '"a"' }, want: true },
    { name: 'two sizes under one tag', a: { ETag: '"a"' }, b: { ETag: '"a"', total: 11 }, want: false },
    { name: 'no size at first', a: { ETag: '"a"', total: null }, b: { ETag: '"a"' }, want: true },
    { name: 'no size at last', a: { ETag: '"a"' }, b: { ETag: '"a"', total: null }, want: true },
    {
      name: 'one digest',
      a: { digests: { 'sha-256': 'x' } },
      b: { digests: { 'sha-256': 'x' } },
      want: true,
    },
    {
      name: 'one digest under two tags',
      a: { digests: { 'sha-256': 'x' }, ETag: '"a"' },
      b: { digests: { 'sha-256': 'x' }, ETag: '"b"' },
      want: true,
    },
    {
      name: 'two digests under one tag',
      a: { digests: { 'sha-256': 'x' }, ETag: '"a"' },
      b: { digests: { 'sha-256': 'y' }, ETag: '"a"' },
      want: false,
    },
    {
      name: 'one of two digests differs',
      a: { digests: { 'sha-256': 'x', 'sha-512': 'p' } },
      b: { digests: { 'sha-256': 'x', 'sha-512': 'q' } },
      want: false,
    },
    {
      name: 'digests by other algorithms',
      a: { digests: { 'sha-256': 'x' } },
      b: { digests: { 'sha-512': 'x' } },
      want: false,
    },
    {
      name: 'digests by other algorithms under one tag',
      a: { digests: { 'sha-256': 'x' }, ETag: '"a"' },
      b: { digests: { 'sha-512': 'y' }, ETag: '"a"' },
      want: true,
    },
    { name: 'one md5', a: { digests: { md5: 'x' } }, b: { digests: { md5: 'x' } }, want: false },
    {
      name: 'two md5 under one tag',
      a: { digests: { md5: 'x' }, ETag: '"a"' },
      b: { digests: { md5: 'y' }, ETag: '"a"' },
      want: false,
    },
    { name: 'nothing', a: {}, b: {}, want: false },
  ]
  for (const { name, a, b, want } of cases) {
    t.equal(isSameVersion(validators(a), validators(b)), want, name)
    t.equal(isSameVersion(validators(b), validators(a)), want, `${name}, the other way round`)
  }
})

t.test(
  'a different digest, tag or date, or a different size beside a validator, shows another version',
  async (t) => {
    const held = validators({ ETag: '"a"', 'Last-Modified': OLD, digests: { 'sha-256': 'x' } })
    const cases: { name: string; got: Validators; want: boolean }[] = [
      { name: 'nothing is said', got: validators({ total: null }), want: false },
      { name: 'another size, and no validator', got: validators({ total: 11 }), want: false },
      { name: 'another size, with a tag', got: validators({ total: 11, ETag: '"a"' }), want: true },
      { name: 'another size, with a date', got: validators({ total: 11, 'Last-Modified': OLD }), want: true },
      {
        name: 'another size, with a digest that cannot be compared',
        got: validators({ total: 11, digests: { 'sha-512': 'y' } }),
        want: true,
      },
      { name: 'no size, with the same tag', got: validators({ total: null, ETag: '"a"' }), want: false },
      { name: 'another tag', got: validators({ ETag: '"b"' }), want: true },
      { name: 'another date', got: validators({ 'Last-Modified': OTHER }), want: true },
      { name: 'the same digest', got: validators({ ETag: '"b"', digests: { 'sha-256': 'x' } }), want: false },
      { name: 'another digest', got: validators({ ETag: '"a"', digests: { 'sha-256': 'y' } }), want: true },
    ]
    for (const { name, got, want } of cases) t.equal(isOtherVersion(held, got), want, name)
  },
)
