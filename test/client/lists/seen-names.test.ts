import t from 'tap'
import { nameOfLine, SeenNames } from '#client/lists/seen-names.js'

t.test('a name that is given twice is found, with its list and line', async (t) => {
  const seen = new SeenNames()
  t.equal(seen.add('/d/a', { place: 'the command line', line: 0 }), null)
  t.equal(seen.add('/d/b', { place: 'L', line: 3 }), null)
  t.equal(seen.add('/d/c', { place: 'M', line: 70_000 }), null)
  t.equal(seen.add('/d/d', { place: 'L', line: 4 }), null)
  t.equal(seen.add('/d/a', { place: 'L', line: 9 }), 'the command line')
  t.equal(seen.add('/d/b', { place: 'M', line: 1 }), 'L:3')
  t.equal(seen.add('/d/c', { place: 'M', line: 2 }), 'M:70000')
  t.equal(seen.add('/d/d', { place: 'M', line: 2 }), 'L:4')
  t.equal(seen.add('/d/A', { place: 'M', line: 3 }), null)
})

t.test('two spellings of one name are one name', async (t) => {
  const seen = new SeenNames()
  seen.add('caf\u00e9', { place: 'L', line: 1 })
  t.equal(seen.add('cafe\u0301', { place: 'L', line: 2 }), 'L:1')
})

t.test('the command line has no lines', async (t) => {
  t.equal(nameOfLine('L', 0), 'L')
  t.equal(nameOfLine('L', 1), 'L:1')
})
