import t from 'tap'
import { wrapWords } from '#client/text/word-wrap.js'

interface Row {
  readonly text: string
  readonly width: number
  readonly lines: readonly string[]
}

const ROWS: readonly Row[] = [
  { text: '', width: 10, lines: [''] },
  { text: 'one line', width: 8, lines: ['one line'] },
  { text: 'one line', width: 7, lines: ['one', 'line'] },
  { text: 'three short words', width: 11, lines: ['three short', 'words'] },
  { text: 'a longerword b', width: 4, lines: ['a', 'long', 'erwo', 'rd b'] },
  { text: 'longerword', width: 4, lines: ['long', 'erwo', 'rd'] },
  { text: '日本語 の', width: 6, lines: ['日本語', 'の'] },
  { text: '日本語', width: 5, lines: ['日本', '語'] },
  { text: '👨‍👩‍👧x', width: 1, lines: ['👨‍👩‍👧', 'x'] },
]

for (const { text, width, lines } of ROWS)
  t.test(`"${text}" in ${width} columns`, async (t) => t.strictSame(wrapWords(text, width), lines))
