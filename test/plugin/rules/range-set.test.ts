import t from 'tap'
import { type ParsedRangeSet, parseRangeSet, selectRanges } from '#plugin/rules/range-set.js'

const MAX_RANGES = 1000
const UNBOUNDED = Number.MAX_SAFE_INTEGER

type Spec = readonly [first: number, last: number] | readonly [suffix: number]

function rangeSet(...specs: readonly Spec[]): ParsedRangeSet {
  return {
    kind: 'range-set',
    specs: specs.map(([first, last]) =>
      last === undefined ? { kind: 'suffix-range', length: first } : { kind: 'int-range', first, last },
    ),
  }
}

t.test('§14.1.1 a valid ranges-specifier is parsed into its range-specs', async (t) => {
  const nines = '9'.repeat(400)
  const zeros = '0'.repeat(400)
  const cases = [
    { name: 'an int-range', value: 'bytes=0-499', want: rangeSet([0, 499]) },
    { name: 'a first-pos equal to the last-pos', value: 'bytes=7-7', want: rangeSet([7, 7]) },
    { name: 'an int-range without a last-pos', value: 'bytes=9500-', want: rangeSet([9500, UNBOUNDED]) },
    { name: 'a suffix-range', value: 'bytes=-500', want: rangeSet([500]) },
    { name: 'a suffix-length of zero', value: 'bytes=-0', want: rangeSet([0]) },
    { name: 'a set of both', value: 'bytes=0-0,-1', want: rangeSet([0, 0], [1]) },
    { name: 'the order of the request', value: 'bytes=9-9,0-1,5-6', want: rangeSet([9, 9], [0, 1], [5, 6]) },
    { name: 'leading zeros', value: 'bytes=000-007', want: rangeSet([0, 7]) },
    { name: 'hundreds of leading zeros', value: `bytes=${zeros}1-${zeros}2`, want: rangeSet([1, 2]) },
    { name: 'leading zeros on one side', value: `bytes=${zeros}9-10`, want: rangeSet([9, 10]) },
    { name: 'the same number, longer first', value: `bytes=${zeros}9-9`, want: rangeSet([9, 9]) },
    { name: 'the same number, longer last', value: `bytes=12-${zeros}12`, want: rangeSet([12, 12]) },
    { name: 'a last-pos of 2^53', value: 'bytes=0-9007199254740992', want: rangeSet([0, UNBOUNDED]) },
    { name: 'a last-pos of 2^63', value: 'bytes=5-9223372036854775808', want: rangeSet([5, UNBOUNDED]) },
    { name: 'a last-pos of 2^64-1', value: 'bytes=0-18446744073709551615', want: rangeSet([0, UNBOUNDED]) },
    { name: 'a last-pos of 400 digits', value: `bytes=1-${nines}`, want: rangeSet([1, UNBOUNDED]) },
    { name: 'a first-pos of 400 digits', value: `bytes=${nines}-`, want: rangeSet([UNBOUNDED, UNBOUNDED]) },
    {
      name: 'both of 400 digits',
      value: `bytes=${nines}-${nines}`,
      want: rangeSet([UNBOUNDED, UNBOUNDED]),
    },
    { name: 'a suffix-length of 400 digits', value: `bytes=-${nines}`, want: rangeSet([UNBOUNDED]) },
    {
      name: 'fifteen digits exactly',
      value: 'bytes=0-999999999999999',
      want: rangeSet([0, 999999999999999]),
    },
  ]
  for (const { name, value, want } of cases)
    t.strictSame(parseRangeSet(value, MAX_RANGES), want, `${name} (${value.slice(0, 40)})`)
})

t.test('§14.1 "All range unit names are case-insensitive": `bytes` is taken in any case', async (t) => {
  for (const unit of ['bytes', 'Bytes', 'BYTES', 'bYtEs']) {
    t.strictSame(parseRangeSet(`${unit}=0-1`, MAX_RANGES), rangeSet([0, 1]), unit)
  }
})

t.test(
  '§14.2 "MUST ignore a Range header field that contains a range unit it does not understand"',
  async (t) => {
    const units = [
      'items=0-1',
      'byte=0-1',
      'bytess=0-1',
      'none=0-1',
      'x-bytes=0-1',
      'seconds=1-2,3-4',
      'pages=a',
    ]
    for (const value of units) {
      t.strictSame(parseRangeSet(value, MAX_RANGES), { kind: 'ignored', reason: 'other-unit' }, value)
    }
  },
)

t.test('§5.6.1 whitespace around commas and empty list elements change nothing', async (t) => {
  const want = rangeSet([0, 1], [3, 4])
  const cases = [
    { name: 'no whitespace', value: 'bytes=0-1,3-4' },
    { name: 'SP behind the comma, as electron-updater sends it', value: 'bytes=0-1, 3-4' },
    { name: 'SP before the comma', value: 'bytes=0-1 ,3-4' },
    { name: 'HTAB on both sides', value: 'bytes=0-1\t,\t3-4' },
    { name: 'a mixed run of both', value: 'bytes=0-1 \t \t,\t\t  3-4' },
    { name: 'an empty element in the middle', value: 'bytes=0-1,,3-4' },
    { name: 'an empty element of whitespace', value: 'bytes=0-1, \t ,3-4' },
    { name: 'a leading empty element', value: 'bytes=,0-1,3-4' },
    { name: 'a leading empty element and OWS', value: 'bytes= , 0-1,3-4' },
    { name: 'SP behind the equals sign, as in an example of §14.1.2', value: 'bytes= 0-1, 3-4' },
    { name: 'HTAB behind the equals sign', value: 'bytes=\t \t0-1,3-4' },
    { name: 'a trailing empty element', value: 'bytes=0-1,3-4,' },
    { name: 'trailing empty elements and OWS', value: 'bytes=0-1,3-4 , ,' },
    { name: 'a hundred empty elements', value: `bytes=0-1${','.repeat(100)}3-4` },
  ]
  for (const { name, value } of cases)
    t.strictSame(parseRangeSet(value, MAX_RANGES), want, `${name} (${value.slice(0, 40)})`)
})

t.test('an invalid ranges-specifier is ignored as a whole', async (t) => {
  const nines = '9'.repeat(400)
  const cases = [
    { name: 'nothing', value: '' },
    { name: 'a unit alone', value: 'bytes' },
    { name: 'a range-set alone', value: '0-1' },
    { name: 'an empty unit', value: '=0-1' },
    { name: 'an empty range-set', value: 'bytes=' },
    { name: 'a range-set of empty elements', value: 'bytes=,' },
    { name: 'a range-set of empty elements and OWS', value: 'bytes=, \t,,' },
    { name: 'a hyphen alone', value: 'bytes=-' },
    { name: 'a hyphen among valid specs', value: 'bytes=0-1,-,3-4' },
    { name: 'a number without a hyphen', value: 'bytes=5' },
    { name: 'a word', value: 'bytes=x' },
    { name: 'other-range, which bytes do not use', value: 'bytes=0-1,first' },
    { name: 'a last-pos less than the first-pos', value: 'bytes=5-4' },
    { name: 'a last-pos less than the first-pos in a later spec', value: 'bytes=0-1,9-8' },
    { name: 'a last-pos less by leading zeros only', value: 'bytes=10-09' },
    { name: 'a last-pos less beyond 2^53', value: 'bytes=9007199254740993-9007199254740992' },
    { name: 'a last-pos less in the 400th digit', value: `bytes=${nines}9-${nines}8` },
    { name: 'a last-pos with fewer digits', value: `bytes=${nines}-5` },
    { name: 'two hyphens', value: 'bytes=0--1' },
    { name: 'three positions', value: 'bytes=0-1-2' },
    { name: 'a suffix with two hyphens', value: 'bytes=--5' },
    { name: 'a letter behind the last-pos', value: 'bytes=0-4x' },
    { name: 'a letter before the first-pos', value: 'bytes=x0-4' },
    { name: 'a letter in the place of the first-pos', value: 'bytes=x-4' },
    { name: 'a sign', value: 'bytes=+0-4' },
    { name: 'a signed last-pos', value: 'bytes=0-+4' },
    { name: 'a decimal point', value: 'bytes=0.0-4' },
    { name: 'an exponent', value: 'bytes=0-1e3' },
    { name: 'a hexadecimal number', value: 'bytes=0x0-0xf' },
    { name: 'a digit separator', value: 'bytes=0-1_000' },
    { name: 'Infinity', value: 'bytes=0-Infinity' },
    { name: 'NaN', value: 'bytes=NaN-NaN' },
    { name: 'full-width digits', value: 'bytes=０-４' },
    { name: 'Arabic-Indic digits', value: 'bytes=٠-٤' },
    { name: 'a minus sign for a hyphen', value: 'bytes=0−4' },
    { name: 'whitespace before the hyphen', value: 'bytes=0 -4' },
    { name: 'whitespace behind the hyphen', value: 'bytes=0- 4' },
    { name: 'whitespace in a number', value: 'bytes=0-1 0' },
    { name: 'whitespace for a comma', value: 'bytes=0-1 3-4' },
    { name: 'whitespace before the unit', value: ' bytes=0-1' },
    { name: 'whitespace behind the unit', value: 'bytes =0-1' },
    { name: 'whitespace behind the equals sign and nothing else', value: 'bytes= \t' },
    { name: 'a semicolon for a comma', value: 'bytes=0-1;3-4' },
    { name: 'a colon for the equals sign', value: 'bytes:0-1' },
    { name: 'two equals signs', value: 'bytes==0-1' },
    { name: 'a second unit', value: 'bytes=0-1,bytes=3-4' },
    { name: 'a quoted range', value: 'bytes="0-1"' },
    { name: 'a Content-Range', value: 'bytes 0-3/7877' },
    { name: 'a Content-Range behind the unit', value: 'bytes=0-3/7877' },
    { name: 'a comment', value: 'bytes=0-1 (two)' },
    { name: 'a no-break space', value: 'bytes=0-1,\u00a03-4' },
    { name: 'a vertical tab', value: 'bytes=0-1,\u000b3-4' },
    { name: 'a line feed', value: 'bytes=0-1,\n3-4' },
    { name: 'NUL', value: 'bytes=0-1\0' },
  ]
  for (const { name, value } of cases)
    t.equal(parseRangeSet(value, MAX_RANGES).kind, 'ignored', `${name} (${value.slice(0, 40)})`)
})

t.test('§14.2 an ignored Range field has a reason: malformed, another unit or too many ranges', async (t) => {
  const cases: { name: string; value: string; reason: 'malformed' | 'other-unit' | 'too-many' }[] = [
    { name: 'no range-unit', value: '=0-1', reason: 'malformed' },
    { name: 'no equals sign', value: 'bytes', reason: 'malformed' },
    { name: 'another sign in its place', value: 'bytes:0-1', reason: 'malformed' },
    { name: 'a unit of one letter', value: 'x=0-1', reason: 'other-unit' },
    { name: 'a unit that begins like bytes', value: 'bytesx=0-1', reason: 'other-unit' },
    { name: 'the character before 0 in ASCII', value: 'bytes=0-/', reason: 'malformed' },
    { name: 'the character behind 9 in ASCII', value: 'bytes=0-:', reason: 'malformed' },
    { name: 'the character behind 9, among digits', value: 'bytes=0-1:2', reason: 'malformed' },
    { name: 'nothing behind the equals sign', value: 'bytes=', reason: 'malformed' },
    { name: 'empty list elements only', value: 'bytes=,', reason: 'malformed' },
    { name: 'one range more than are allowed', value: 'bytes=0-1,2-3,4-5', reason: 'too-many' },
    { name: 'one more, and then a mistake', value: 'bytes=0-1,2-3,4-5,x', reason: 'too-many' },
  ]
  for (const { name, value, reason } of cases)
    t.strictSame(parseRangeSet(value, 2), { kind: 'ignored', reason }, `${name} (${value})`)
  t.equal(
    parseRangeSet('bytes=0-1,2-3,', 2).kind,
    'range-set',
    'a set of exactly as many ranges as the limit is valid',
  )
  t.equal(parseRangeSet('bytes=0-1, \t', 2).kind, 'range-set', 'an empty element with whitespace at the end')
})

t.test(
  'a set with more range-specs than the limit is ignored, and one with exactly as many is not',
  async (t) => {
    const set = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, i) => `${2 * i}-${2 * i}`)}`
    t.match(parseRangeSet(set(3), 3), { kind: 'range-set', specs: { length: 3 } })
    t.strictSame(parseRangeSet(set(4), 3), { kind: 'ignored', reason: 'too-many' })
    t.match(
      parseRangeSet('bytes=,,,,0-0,,,,2-2,,,,4-4,,,,', 3),
      { kind: 'range-set' },
      'empty elements do not count',
    )
  },
)

t.test('§14.1.2 a byte range selects the bytes that the representation has', async (t) => {
  const cases = [
    { name: 'the first 500 bytes', value: 'bytes=0-499', size: 10_000, want: ['0-499'] },
    { name: 'the second 500 bytes', value: 'bytes=500-999', size: 10_000, want: ['500-999'] },
    { name: 'the final 500 bytes, as a suffix', value: 'bytes=-500', size: 10_000, want: ['9500-9999'] },
    { name: 'the final 500 bytes, open-ended', value: 'bytes=9500-', size: 10_000, want: ['9500-9999'] },
    {
      name: 'the first and last bytes only',
      value: 'bytes=0-0,-1',
      size: 10_000,
      want: ['0-0', '9999-9999'],
    },
    {
      name: 'the first, middle, and last 1000 bytes',
      value: 'bytes=0-999, 4500-5499, -1000',
      size: 10_000,
      want: ['0-999', '4500-5499', '9000-9999'],
    },
    { name: 'the second 500 bytes in two', value: 'bytes=500-600,601-999', size: 10_000, want: ['500-999'] },
    {
      name: 'the second 500 bytes, overlapping',
      value: 'bytes=500-700,601-999',
      size: 10_000,
      want: ['500-999'],
    },
    { name: 'a last-pos equal to the length', value: 'bytes=2-10', size: 10, want: ['2-9'] },
    { name: 'a last-pos beyond the length', value: 'bytes=2-999', size: 10, want: ['2-9'] },
    { name: 'the last byte', value: 'bytes=9-', size: 10, want: ['9-9'] },
    { name: 'a suffix as long as the representation', value: 'bytes=-10', size: 10, want: ['0-9'] },
    { name: 'a suffix longer than the representation', value: 'bytes=-11', size: 10, want: ['0-9'] },
    { name: 'the whole, as one range', value: 'bytes=0-', size: 10, want: ['0-9'] },
    { name: 'one byte of one', value: 'bytes=0-0', size: 1, want: ['0-0'] },
    {
      name: 'the last bytes of the largest size there is',
      value: `bytes=9007199254740989-`,
      size: Number.MAX_SAFE_INTEGER,
      want: ['9007199254740989-9007199254740990'],
    },
    {
      name: 'a suffix of the largest size there is',
      value: 'bytes=-2',
      size: Number.MAX_SAFE_INTEGER,
      want: ['9007199254740989-9007199254740990'],
    },
  ]
  for (const { name, value, size, want } of cases)
    t.strictSame(selected(value, size), want, `${name} (${value.slice(0, 40)})`)
})

t.test('§14.1.2 a set is unsatisfiable when none of its specs is satisfiable', async (t) => {
  const cases = [
    { name: 'a first-pos equal to the length', value: 'bytes=10-', size: 10 },
    { name: 'a first-pos beyond the length', value: 'bytes=11-20', size: 10 },
    { name: 'a first-pos of 400 digits', value: `bytes=${'9'.repeat(400)}-`, size: 10 },
    { name: 'a first-pos of 2^53 for the largest size', value: 'bytes=9007199254740992-', size: UNBOUNDED },
    { name: 'a suffix-length of zero', value: 'bytes=-0', size: 10 },
    { name: 'a suffix-length of many zeros', value: `bytes=-${'0'.repeat(400)}`, size: 10 },
    { name: 'a set of such', value: 'bytes=10-,99-100,-0', size: 10 },
    { name: 'an int-range of the empty representation', value: 'bytes=0-', size: 0 },
    { name: 'a suffix-length of zero of the empty representation', value: 'bytes=-0', size: 0 },
  ]
  for (const { name, value, size } of cases)
    t.equal(selected(value, size), 'unsatisfiable', `${name} (${value.slice(0, 40)})`)
})

t.test('§14.1.2 unsatisfiable specs of a satisfiable set are left out', async (t) => {
  t.strictSame(selected('bytes=10-,3-4', 10), ['3-4'])
  t.strictSame(selected('bytes=-0,3-4,99-', 10), ['3-4'])
  t.strictSame(selected('bytes=0-1,50-60,8-8,-0', 10), ['0-1', '8-8'])
})

t.test(
  '§14.1.2 a suffix of an empty representation is satisfied by the whole, as no Content-Range can express it',
  async (t) => {
    t.equal(selected('bytes=-1', 0), 'whole: empty')
    t.equal(selected('bytes=0-,-5', 0), 'whole: empty')
  },
)

t.test(
  '§15.3.7.2 ranges keep the order of the request, and those that overlap or touch are joined',
  async (t) => {
    const cases = [
      { name: 'descending', value: 'bytes=80-89,40-49,0-9', want: ['80-89', '40-49', '0-9'] },
      { name: 'neither', value: 'bytes=40-49,80-89,0-9', want: ['40-49', '80-89', '0-9'] },
      { name: 'neighbours become one', value: 'bytes=0-9,10-19', want: ['0-19'] },
      { name: 'neighbours in reverse become one', value: 'bytes=10-19,0-9', want: ['0-19'] },
      { name: 'a gap of one byte stays', value: 'bytes=0-9,11-19', want: ['0-9', '11-19'] },
      { name: 'a gap of one byte in reverse stays', value: 'bytes=11-19,0-9', want: ['11-19', '0-9'] },
      { name: 'an overlap becomes one', value: 'bytes=0-9,5-19', want: ['0-19'] },
      { name: 'one inside the other becomes one', value: 'bytes=0-29,5-9', want: ['0-29'] },
      { name: 'twice the same becomes one', value: 'bytes=5-9,5-9', want: ['5-9'] },
      { name: 'joined where its earliest was asked', value: 'bytes=80-89,0-9,85-95', want: ['80-95', '0-9'] },
      {
        name: 'joined where its earliest was asked, which begins later',
        value: 'bytes=85-95,0-9,80-89',
        want: ['80-95', '0-9'],
      },
      { name: 'a joined one that touches a third', value: 'bytes=0-9,20-29,10-19', want: ['0-29'] },
      { name: 'two overlaps are still served', value: 'bytes=0-9,5-14,10-19', want: ['0-19'] },
      { name: 'two overlaps and one apart', value: 'bytes=50-50,0-9,5-14,10-19', want: ['50-50', '0-19'] },
    ]
    for (const { name, value, want } of cases)
      t.strictSame(selected(value, 100), want, `${name} (${value.slice(0, 40)})`)
  },
)

t.test('§14.2, §17.15 a set that is more work than the whole selects the whole', async (t) => {
  const tiny = Array.from({ length: 1000 }, (_, index) => `${index}-${index}`)
  const cases = [
    {
      name: 'more than two overlapping ranges',
      value: 'bytes=0-9,5-14,10-19,15-24',
      size: 1000,
      want: 'whole: overlapping',
    },
    {
      name: 'the same range four times',
      value: 'bytes=0-0,0-0,0-0,0-0',
      size: 1000,
      want: 'whole: overlapping',
    },
    { name: 'a pile of open ends', value: 'bytes=0-,1-,2-,3-,4-', size: 1000, want: 'whole: overlapping' },
    { name: 'a sum equal to the size', value: 'bytes=0-49,50-99', size: 100, want: 'whole: wasteful' },
    { name: 'a sum beyond the size', value: 'bytes=0-98,40-50', size: 100, want: 'whole: wasteful' },
    { name: 'every byte on its own', value: `bytes=${tiny}`, size: 1000, want: 'whole: wasteful' },
  ]
  for (const { name, value, size, want } of cases)
    t.equal(selected(value, size), want, `${name} (${value.slice(0, 40)})`)
  t.strictSame(selected('bytes=0-48,50-99', 100), ['0-48', '50-99'], 'one byte less than the size is served')
})

t.test('§15.3.7 five hundred disjoint ranges in ascending order are all served', async (t) => {
  const asked = Array.from({ length: 500 }, (_, index) => `${index * 1000}-${index * 1000 + 499}`)
  t.strictSame(selected(`bytes=${asked.join(', ')}`, 1_000_000), asked)
})

function selected(value: string, size: number): readonly string[] | string {
  const parsed = parseRangeSet(value, MAX_RANGES)
  if (parsed.kind === 'ignored') return parsed.reason
  const selection = selectRanges(parsed.specs, size)
  if (selection.kind === 'whole') return `whole: ${selection.reason}`
  if (selection.kind === 'unsatisfiable') return selection.kind
  return selection.ranges.map(({ first, last }) => `${first}-${last}`)
}
