// The kind of verdict for each request and answer. All other properties are in `verdict.test.ts`.
import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { judge } from '#client/rules/verdict.js'
import { VERDICT_ROWS } from '../support/verdict-rows.ts'

t.test('each answer to a request gets its kind of verdict', async (t) => {
  for (const { name, asked, status, lines, kind } of VERDICT_ROWS)
    t.equal(judge(asked, { status, fields: fieldLines(lines) }).kind, kind, name)
})
