import t from 'tap'
import { renderMarkdown, renderText } from './table.ts'

const table = {
  title: 'Title',
  columns: ['', 'first', 'b'],
  rows: [
    ['one', '1 µs', '10×'],
    ['another', '10 µs'],
  ],
  notes: ['A | note.'],
}

t.test('a table for a terminal has names on the left and figures on the right', async (t) => {
  const lines = [
    'Title',
    '           first    b',
    '  one       1 µs  10×',
    '  another  10 µs',
    '  A | note.',
    '',
  ]
  t.equal(renderText(table), lines.join('\n'))
})

t.test('a table in Markdown has bars in its cells escaped', async (t) => {
  const rows = [['a|b', '1', '2']]
  const lines = ['### Title', '', '|  | first | b |', '| --- | ---: | ---: |', '| a\\|b | 1 | 2 |']
  t.equal(renderMarkdown({ ...table, rows }), [...lines, '', 'A | note.  ', ''].join('\n'))
})
