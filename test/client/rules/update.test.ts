import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { contradicts, isStillServed, judgeUpdate, updateCondition } from '#client/rules/update.js'
import { conditionTag, type Validators } from '#client/rules/validators.js'

const OLD = 'Sun, 06 Nov 1994 08:49:37 GMT'
const NEW = 'Mon, 07 Nov 1994 08:49:37 GMT'
const SHA = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
const NONE: Validators = { total: 10, etag: null, lastModified: null, dateIsStrong: false, digests: {} }
const TAGGED: Validators = { ...NONE, etag: '"a"' }
const WEAK: Validators = { ...NONE, etag: 'W/"a"' }
const DATED: Validators = { ...NONE, lastModified: OLD, dateIsStrong: true }

t.test('§13.1.2, §13.1.3: one condition, with the entity-tag or otherwise with a strong date', async (t) => {
  t.strictSame(updateCondition({ ...DATED, etag: '"a"' }), { 'if-none-match': '"a"' })
  t.strictSame(updateCondition(WEAK), { 'if-none-match': 'W/"a"' })
  t.strictSame(updateCondition(DATED), { 'if-modified-since': OLD })
  t.equal(updateCondition({ ...DATED, dateIsStrong: false }), null)
  t.equal(updateCondition(NONE), null)
  for (const etag of ['""', 'W/""', '"null"', 'W/"-"']) {
    t.equal(conditionTag({ ...NONE, etag }), null, `${etag} identifies nothing`)
    t.strictSame(updateCondition({ ...DATED, etag }), { 'if-modified-since': OLD })
  }
})

type Row = readonly [
  name: string,
  held: Validators,
  status: number,
  fields: Record<string, string>,
  want: string,
]

const rows: Row[] = [
  ['a 304 without fields', TAGGED, 304, {}, 'unchanged'],
  ['a 304 with the tag', TAGGED, 304, { etag: '"a"' }, 'unchanged'],
  ['a 304 with the tag as a weak one', TAGGED, 304, { etag: 'W/"a"' }, 'unchanged'],
  ['a 304 about a weak tag', WEAK, 304, { etag: 'W/"a"' }, 'unchanged'],
  ['a 304 with another tag', TAGGED, 304, { etag: '"b"' }, 'contradiction'],
  ['a 304 with another date beside the tag', TAGGED, 304, { etag: '"a"', 'last-modified': NEW }, 'unchanged'],
  ['a 304 with the date', DATED, 304, { 'last-modified': OLD }, 'unchanged'],
  ['a 304 with another date than the one asked about', DATED, 304, { 'last-modified': NEW }, 'unclear'],
  ['a 304 with a new tag, and the date', DATED, 304, { etag: '"b"', 'last-modified': OLD }, 'unchanged'],
  ['a 304 with the length', TAGGED, 304, { 'content-length': '10' }, 'unchanged'],
  ['a 304 with the length 0', TAGGED, 304, { 'content-length': '0' }, 'unchanged'],
  ['a 304 with another length', TAGGED, 304, { 'content-length': '11' }, 'unclear'],
  [
    'a 304 with the digest',
    { ...TAGGED, digests: { 'sha-256': SHA } },
    304,
    { 'repr-digest': `sha-256=:${SHA}:` },
    'unchanged',
  ],
  [
    'a 304 with another digest',
    { ...TAGGED, digests: { 'sha-256': 'x' } },
    304,
    { 'repr-digest': `sha-256=:${SHA}:` },
    'unclear',
  ],
  ['the file with the same tag', TAGGED, 200, { etag: '"a"', 'content-length': '10' }, 'unchanged'],
  ['the file with the same weak tag', WEAK, 200, { etag: 'W/"a"', 'content-length': '10' }, 'unchanged'],
  ['the file with another tag', TAGGED, 200, { etag: '"b"', 'content-length': '10' }, 'unclear'],
  ['the file with another size', TAGGED, 200, { etag: '"a"', 'content-length': '11' }, 'unclear'],
  ['the file without a size', TAGGED, 200, { etag: '"a"' }, 'unclear'],
  ['a part with the same tag', TAGGED, 206, { etag: '"a"', 'content-range': 'bytes 0-0/10' }, 'unchanged'],
  ['a part of another size', TAGGED, 206, { etag: '"a"', 'content-range': 'bytes 0-0/11' }, 'unclear'],
  ['a part without a size', TAGGED, 206, { etag: '"a"', 'content-range': 'bytes 0-0/*' }, 'unclear'],
  ['a part without a range', TAGGED, 206, { etag: '"a"', 'content-length': '10' }, 'unclear'],
  [
    'two digests that differ',
    TAGGED,
    200,
    {
      etag: '"a"',
      'content-length': '10',
      'repr-digest': `sha-256=:${SHA}:`,
      'content-digest': `sha-256=:${SHA.replace('L', 'M')}:`,
    },
    'unclear',
  ],
  ['a 404 with a range', TAGGED, 404, { etag: '"a"', 'content-range': 'bytes 0-0/10' }, 'unclear'],
  ['a 304 with the length 1', TAGGED, 304, { 'content-length': '1' }, 'unclear'],
  [
    'a part with its own digest',
    { ...TAGGED, digests: { 'sha-256': 'x' } },
    206,
    { etag: '"a"', 'content-range': 'bytes 0-0/10', 'content-digest': `sha-256=:${SHA}:` },
    'unchanged',
  ],
  ['a 412', TAGGED, 412, { etag: '"a"', 'content-length': '10' }, 'unclear'],
  ['a 404', TAGGED, 404, { etag: '"a"', 'content-length': '10' }, 'unclear'],
  ['a 203', TAGGED, 203, { etag: '"a"', 'content-length': '10' }, 'unclear'],
]

for (const [name, held, status, fields, want] of rows) {
  t.test(`the answer to the condition is ${want} (${name})`, async (t) => {
    const verdict = judgeUpdate(held, { status, fields: fieldLines(Object.entries(fields).flat()) })
    t.equal(verdict.kind, want)
    if (verdict.kind === 'contradiction')
      t.equal(verdict.reason, 'answered 304 Not Modified with the entity-tag "b", and "a" was asked about')
  })
}

t.test('a file is still served if an answer has its validators', async (t) => {
  t.ok(isStillServed(TAGGED, { ...TAGGED, lastModified: NEW }), 'a strong tag decides alone')
  t.ok(isStillServed(WEAK, WEAK))
  t.ok(isStillServed(TAGGED, WEAK))
  t.ok(isStillServed(DATED, DATED))
  t.notOk(isStillServed(WEAK, { ...WEAK, total: 11 }))
  t.notOk(isStillServed(WEAK, { ...WEAK, lastModified: OLD }))
  t.notOk(isStillServed({ ...WEAK, digests: { md5: 'a' } }, { ...WEAK, digests: { md5: 'b' } }))
  t.notOk(isStillServed(WEAK, { ...NONE, etag: 'W/"b"' }))
  t.notOk(isStillServed(WEAK, NONE))
  t.notOk(isStillServed(NONE, WEAK))
  t.notOk(isStillServed({ ...NONE, etag: 'W/""' }, { ...NONE, etag: 'W/""' }))
  t.notOk(isStillServed({ ...DATED, dateIsStrong: false }, DATED))
})

t.test('digests of one algorithm contradict each other if they differ', async (t) => {
  t.notOk(contradicts({ md5: 'a' }, { md5: 'a', 'sha-1': 'b' }))
  t.ok(contradicts({ md5: 'a', 'sha-1': 'c' }, { 'sha-1': 'b' }))
  t.notOk(contradicts({ md5: 'a' }, {}))
})
