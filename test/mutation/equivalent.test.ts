import { readFileSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { EQUIVALENT } from './equivalent.ts'
import { mutantsOf } from './mutants.ts'
import { TESTED_MODULES } from './tested-modules.ts'

t.test('every change that is declared as one that cannot be noticed is tried by .ci/mutate', async (t) => {
  for (const { module, line, becomes } of EQUIVALENT) {
    t.ok(
      TESTED_MODULES.some((tested) => tested.module === module),
      `${module} is mutated`,
    )
    const mutants = mutantsOf(readFileSync(`${REPOSITORY}${module}.js`, 'utf8'))
    const found = mutants.filter(({ before }) => before === line).map(({ after }) => after)
    for (const after of becomes) t.ok(found.includes(after), `${module}: ${line} becomes ${after}`)
  }
})
