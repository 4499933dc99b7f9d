import { readdirSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../../support/repository.ts'
import { ANSWER_TABLES, OTHER_SUITES } from '../support/answer-tables.ts'

t.test('every suite of http/ runs over every source, or has a reason not to', async (t) => {
  const files = readdirSync(`${REPOSITORY}test/plugin/http`).filter((name) => name.endsWith('.test.ts'))
  const suites = files.map((name) => name.slice(0, -'.test.ts'.length))
  t.strictSame([...ANSWER_TABLES, ...Object.keys(OTHER_SUITES)].sort(), suites.sort())
})
