import t from 'tap'
import { nameOfLine, SeenNames } from '#client/lists/seen-names.js'

t.test('a name that is given twice is found, with its list and line', async (t) => {
  const seen = new SeenNames()
  t.equal(seen.add('/d/a', { place: 'the command line', line: 0 }), null)
  t.equal(seen.add('/d/b', { place: 'L', line: 3 }), null)
  t.equal(seen.add('/d/c', { place: 'M', line: 70_000 }), null)
  t.equal(seen.add('/d/d', { place: 'L', line: 4 }), null)
  t.equal(seen.add('/d/a', { place: 'L', line: 9 }), 'a is already the name of the file in the command line')
  t.equal(seen.add('/d/b', { place: 'M', line: 1 }), 'b is already the name of the file in L:3')
  t.equal(seen.add('/d/c', { place: 'M', line: 2 }), 'c is already the name of the file in M:70000')
  t.equal(seen.add('/d/d', { place: 'M', line: 2 }), 'd is already the name of the file in L:4')
  t.equal(seen.add('/d/A', { place: 'M', line: 3 }), null)
})

t.test('a file cannot be a folder of another file, whichever comes first', async (t) => {
  const seen = new SeenNames()
  const at = (line: number) => ({ place: 'L', line })
  t.equal(seen.add('d/x/y/z', at(1)), null)
  t.equal(seen.add('d/x/y', at(2)), 'y is already a folder of the file in L:1')
  t.equal(seen.add('d/x', at(3)), 'x is already a folder of the file in L:1')
  t.equal(seen.add('d', at(4)), 'd is already a folder of the file in L:1')
  t.equal(seen.add('d/x/z', at(5)), null)
  t.equal(seen.add('d/x/z/a', at(6)), 'z cannot be a folder: it is already the name of the file in L:5')
  t.equal(seen.add('d/x/z/a/b', at(7)), 'z cannot be a folder: it is already the name of the file in L:5')
  t.equal(seen.add('d/x/z/a/c', at(7)), 'z cannot be a folder: it is already the name of the file in L:5')
  t.equal(seen.add('d/x/z/c', at(8)), 'z cannot be a folder: it is already the name of the file in L:5')
  t.equal(seen.add('z', at(9)), null)
  t.equal(seen.add('/z/x', at(10)), null)
  t.equal(seen.add('d/x/y/w', at(11)), null)
})

t.test('two spellings of one name are one name', async (t) => {
  const seen = new SeenNames()
  seen.add('caf\u00e9', { place: 'L', line: 1 })
  t.equal(
    seen.add('cafe\u0301', { place: 'L', line: 2 }),
    'cafe\u0301 is already the name of the file in L:1',
  )
})

t.test('the command line has no lines', async (t) => {
  t.equal(nameOfLine('L', 0), 'L')
  t.equal(nameOfLine('L', 1), 'L:1')
})
