// Whether the body of a 200 is the whole file, and how long that is.
import t from 'tap'
import type { FieldLines } from '#client/rules/field-lines.js'
import { type WholeAsked, wholeLength } from '#client/rules/whole-length.js'

const WHOLE: WholeAsked = { range: null, held: null }
const ALL: WholeAsked = { range: { start: 0, end: null }, held: null }
const FIRST: WholeAsked = { range: { start: 0, end: 50 }, held: null }
const LATER: WholeAsked = { range: { start: 50, end: 100 }, held: 200 }
const REST: WholeAsked = { range: { start: 50, end: null }, held: 200 }

/** A field that is null is missing. */
const fields = (length: number | null, range: string | null): FieldLines => {
  const lines = new Map<string, readonly string[]>()
  if (length !== null) lines.set('content-length', [`${length}`])
  if (range !== null) lines.set('content-range', [range])
  return lines
}

type Row = [
  what: string,
  asked: WholeAsked,
  length: number | null,
  range: string | null,
  want: number | null | 'part',
]

const ROWS: readonly Row[] = [
  ['the length of what was asked for without a range', WHOLE, 200, null, 200],
  ['no length, without a range', WHOLE, null, null, null],
  ['the length of all, asked for with a range', ALL, 200, null, 200],
  ['no length of all, asked for with a range', ALL, null, null, null],
  ['another length than that of the part', FIRST, 200, null, 200],
  ['a shorter length than that of the part', FIRST, 20, null, 20],
  ['the length of the part', FIRST, 50, null, 'part'],
  ['no length, for a part', FIRST, null, null, 'part'],
  ['the length of a later part', LATER, 50, null, 'part'],
  ['the length of the file, for a later part', LATER, 200, null, 200],
  ['the length of the file, which is that of the part', { ...FIRST, held: 50 }, 50, null, 50],
  ['the length of the rest, which the size contradicts', REST, 150, null, 150],
  ['no length, for the rest', REST, null, null, 'part'],
  ['a part', FIRST, 50, 'bytes 0-49/200', 'part'],
  ['a part that says that it is the whole', FIRST, 50, 'bytes 0-49/50', 'part'],
  ['a part with one byte less', FIRST, 49, 'bytes 0-49/200', 'part'],
  ['a part with one byte more than the last position', FIRST, 50, 'bytes 0-50/200', 'part'],
  ['a part of an unknown size', FIRST, 49, 'bytes 0-48/*', 'part'],
  ['a part with a Content-Range that cannot be read', FIRST, 49, 'bytes=0-49/200', 'part'],
  ['a part without a length', FIRST, null, 'bytes 0-49/200', 'part'],
  ['the whole with the positions of the part', FIRST, 200, 'bytes 0-49/200', 200],
  ['the whole with its size alone', FIRST, 200, 'bytes */200', 200],
  ['another size than the length', FIRST, 199, 'bytes */200', 'part'],
  ['all, with its size', ALL, 200, 'bytes 0-199/200', 200],
  ['all, one byte short', ALL, 199, 'bytes 0-199/200', 'part'],
  ['all without a length: the size says it', ALL, null, 'bytes 0-199/200', 200],
  ['all, of an unknown size', ALL, 200, 'bytes 0-199/*', 200],
  ['all, of an unknown size and length', ALL, null, 'bytes 0-199/*', null],
  ['all, of an unknown size, one byte short', ALL, 199, 'bytes 0-199/*', 'part'],
  ['all, with a Content-Range that cannot be read', ALL, 200, '0-199/200', 200],
  ['a part that was not asked for', WHOLE, 50, 'bytes 0-49/200', 'part'],
  ['a part that was not asked for, without a length: the size says it', WHOLE, null, 'bytes 0-49/200', 200],
  ['a later part of an unknown size that was not asked for', WHOLE, 50, 'bytes 50-99/*', 'part'],
  ['a Content-Range that cannot be read, without a range', WHOLE, 200, 'items 0-9/10', 200],
]

for (const [what, asked, length, range, want] of ROWS)
  t.test(`${what}: ${want}`, async (t) => {
    t.equal(wholeLength(asked, fields(length, range)), want)
  })
