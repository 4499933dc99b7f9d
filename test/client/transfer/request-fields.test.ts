// The header fields of a request for a range, or for the whole file.
import t from 'tap'
import type { Validators } from '#client/rules/validators.js'
import { type AskedFor, requestFields } from '#client/transfer/request-fields.js'

const STRONG: Validators = { etag: '"v1"', lastModified: null, dateIsStrong: false, total: 10, digests: {} }
const WEAK: Validators = { ...STRONG, etag: 'W/"v1"' }

const ROWS: readonly [
  name: string,
  asked: AskedFor,
  range: string | undefined,
  condition: string | undefined,
][] = [
  ['the whole file', { range: null, validators: null, condition: 'if-range' }, undefined, undefined],
  ['the whole file, known', { range: null, validators: STRONG, condition: 'if-range' }, undefined, undefined],
  [
    'four bytes',
    { range: { start: 0, end: 4 }, validators: null, condition: 'if-range' },
    'bytes=0-3',
    undefined,
  ],
  [
    'to the end',
    { range: { start: 4, end: Infinity }, validators: null, condition: 'none' },
    'bytes=4-',
    undefined,
  ],
  [
    'a known version',
    { range: { start: 4, end: 8 }, validators: STRONG, condition: 'if-range' },
    'bytes=4-7',
    '"v1"',
  ],
  [
    'a condition that the server refuses',
    { range: { start: 4, end: 8 }, validators: STRONG, condition: 'none' },
    'bytes=4-7',
    undefined,
  ],
  [
    'a weak tag',
    { range: { start: 4, end: 8 }, validators: WEAK, condition: 'if-range' },
    'bytes=4-7',
    undefined,
  ],
]

for (const [name, asked, range, condition] of ROWS) {
  t.test(`RFC 9110 §14.2 a request has the Range and the If-Range that fit it (${name})`, async (t) => {
    const fields = requestFields(asked)
    t.equal(fields['range'], range)
    t.equal(fields['if-range'], condition)
  })
}

t.test('every request refuses content codings and asks for digests', async (t) => {
  const fields = requestFields({ range: null, validators: null, condition: 'none' })
  t.equal(fields['accept-encoding'], 'identity')
  t.match(fields['want-repr-digest'], /sha-256/)
  t.match(fields['want-content-digest'], /sha-256/)
})
