import t from 'tap'
import { fitLine, hasSpace, type Piece } from '#client/text/fitted-line.js'

const piece = (letter: string, ...steps: readonly [rank: number, width: number][]): Piece => ({
  glue: ' ',
  steps: steps.map(([rank, width]) => ({ rank, width })) as unknown as Piece['steps'],
  draw: (width) => letter.repeat(width),
})
const PIECES = [piece('a', [1, 2], [3, 6]), piece('b', [0, 3]), piece('c', [2, 4])]

t.test('pieces get columns by rank, and stand in their order', async (t) => {
  const rows: [number, string][] = [
    [1, ''],
    [2, 'aa'],
    [3, 'bbb'],
    [5, 'bbb'],
    [6, 'aa bbb'],
    [10, 'aaaaaa bbb'],
    [11, 'aa bbb cccc'],
    [13, 'aaaa bbb cccc'],
    [99, 'aaaaaa bbb cccc'],
  ]
  for (const [columns, line] of rows) t.equal(fitLine(PIECES, columns), line, `${columns} columns`)
})

t.test('there is space if each piece up to a rank has its smallest width', async (t) => {
  t.equal(hasSpace(PIECES, { columns: 11, rank: 2 }), true)
  t.equal(hasSpace(PIECES, { columns: 10, rank: 2 }), false)
  t.equal(hasSpace(PIECES, { columns: 6, rank: 1 }), true)
})
