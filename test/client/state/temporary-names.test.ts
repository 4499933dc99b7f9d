import t from 'tap'
import { makeToken } from '#client/state/run-token.js'
import { isStateName } from '#client/state/state-paths.js'
import { readTemporaryName, temporaryPath } from '#client/state/temporary-names.js'

const TOKEN = makeToken({ pid: 4711, place: 'host boot pid:[1]', started: '123456' }, Buffer.alloc(32, 'key'))

t.test('a temporary name has file, stage and token', async (t) => {
  for (const [file, stage] of [
    ['a.part', 'new'],
    ['a.part', 'done'],
    ['a.part.json', 'new'],
    ['a.part.lock', 'new'],
    ['a.part.lock', 'old'],
    ['a.part.lock', 'now'],
    ['a\nb.part.lock', 'now'],
  ] as const) {
    const path = temporaryPath(`/d/${file}`, stage, TOKEN)
    t.equal(path, `/d/${file}.${stage}.${TOKEN}`)
    t.strictSame(readTemporaryName(path), { file, stage, token: TOKEN })
    t.equal(isStateName(path.slice(3)), true, 'no name from outside is one')
  }
})

t.test('another name is not read as a temporary name', async (t) => {
  for (const name of [
    'a.part.new',
    'a.part.new.',
    'a.part.new.abc',
    `a.part.old${TOKEN}`,
    `a.part.tmp.${TOKEN}`,
    `a.part.new.${TOKEN}.bak`,
    `.new.${TOKEN}`,
    TOKEN,
  ])
    t.equal(readTemporaryName(name), null, name)
})
