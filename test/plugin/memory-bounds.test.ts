import { readFileSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'

const SOURCES = `${REPOSITORY}plugin/src/`

t.test('each memory bound names the module that keeps it, and that module uses it', async (t) => {
  const text = readFileSync(`${SOURCES}memory-bounds.ts`, 'utf8')
  const bounds = [...text.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\nexport const (\w+)/gs)]
  t.equal(bounds.length, text.split('\nexport const ').length - 1, 'each has a comment')
  for (const [, comment = '', name = ''] of bounds) {
    const [, module] = /Kept by[^.]*`([\w/-]+\.ts)`/.exec(comment.replaceAll(/\s+\*? ?/g, ' ')) ?? []
    t.ok(module, `${name} names a module`)
    if (module !== undefined)
      t.match(readFileSync(SOURCES + module, 'utf8'), new RegExp(`\\b${name}\\b`), name)
  }
})
