import t from 'tap'
import { nameKey } from '#client/state/name-key.js'

t.test('names have one key if they are one name', async (t) => {
  t.equal(nameKey('/d/a'), nameKey('/d/a'))
  t.equal(nameKey('caf\u00e9'), nameKey('cafe\u0301'), 'two spellings of one name')
  const all = ['/d/a', '/d/A', '/d/a/', '/d/b', '']
  t.equal(new Set(all.map(nameKey)).size, all.length)
})

t.test('a key is a number that is exact', async (t) => {
  for (let name = 0; name < 1000; name++) t.ok(Number.isSafeInteger(nameKey(String(name))))
})
