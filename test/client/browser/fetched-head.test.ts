// An answer of fetch() gets the verdict of the same answer over node:http.
import t from 'tap'
import { headOf } from '#client/browser/fetched-head.js'
import { fieldLines } from '#client/rules/field-lines.js'
import { type Head, judge } from '#client/rules/verdict.js'
import { REFUSED_ROWS } from '../support/refused-rows.ts'
import { VERDICT_ROWS } from '../support/verdict-rows.ts'

const WHOLE = { range: null, validators: null, htmlExpected: false }

/** The lines of an answer, joined by the `Headers` of fetch(). */
function fetched(status: number, lines: readonly string[]): Head {
  const headers = new Headers()
  for (const [name, values] of fieldLines(lines)) for (const value of values) headers.append(name, value)
  return headOf({ status, headers })
}

for (const { name, asked, status, lines } of [...VERDICT_ROWS, ...REFUSED_ROWS]) {
  t.test(`an answer of fetch() has the verdict of its lines (${name})`, async (t) => {
    t.strictSame(judge(asked, fetched(status, lines)), judge(asked, { status, fields: fieldLines(lines) }))
  })
}

t.test('lines that contradict each other have no meaning when they are joined, either', async (t) => {
  const ranges = ['Content-Range', 'bytes 0-9/10', 'Content-Range', 'bytes 1-9/10']
  t.equal(judge({ ...WHOLE, range: { start: 0, end: null } }, fetched(206, ranges)).kind, 'no-range')
  t.equal(judge(WHOLE, fetched(200, ['Content-Length', '1', 'Content-Length', '2'])).kind, 'invalid')
  const tags = judge(WHOLE, fetched(200, ['Content-Length', '10', 'ETag', '"a"', 'ETag', '"b"']))
  t.match(tags, { kind: 'whole', validators: { etag: null } })
})
