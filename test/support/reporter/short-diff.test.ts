import t from 'tap'
import { shortDiff } from './short-diff.ts'

const MARKS = ['- expected', '+ actual']

/** A unified diff of these lines. */
function diffOf(lines: readonly string[], hunk = '@@ -1,9 +1,9 @@'): string {
  return ['--- expected', '+++ actual', hunk, ...lines, ''].join('\n')
}

t.test('of the unchanged lines only those around a change are left', async (t) => {
  const same = ['     "a": 1,', '     "b": 2,', '     "c": 3,', '     "d": 4,', '     "e": 5,']
  const diff = diffOf([...same, '-    "f": 6', '+    "f": 7', ...same, '+    "g": 8'])
  t.strictSame(shortDiff(diff), [
    ...MARKS,
    ...['     "d": 4,', '     "e": 5,', '-    "f": 6', '+    "f": 7', '     "a": 1,', '     "b": 2,'],
    ...['…', '     "d": 4,', '     "e": 5,', '+    "g": 8'],
  ])
})

t.test('of many changed lines the first are left, expected and actual ones', async (t) => {
  const lines = (mark: string): string[] => Array.from({ length: 100 }, (_, index) => `${mark}  ${index},`)
  const short = shortDiff(diffOf([...lines('-'), ...lines('+')]))
  t.equal(short.length, MARKS.length + 2 * 13)
  t.equal(short[MARKS.length + 12], '-… and 88 more lines')
  t.equal(short.at(-1), '+… and 88 more lines')
})

t.test('a long line is cut around its first difference', async (t) => {
  const [, , expected, actual] = shortDiff(diffOf([`-${'a'.repeat(900)}b`, `+${'a'.repeat(900)}c`]))
  t.equal(expected, `-…${'a'.repeat(40)}b (901 characters)`)
  t.equal(actual, `+…${'a'.repeat(40)}c (901 characters)`)
})

t.test('the offset of bytes is counted from the number of the line, which has all digits', async (t) => {
  const bytes = (first: string): string => `${first} ${'0000 '.repeat(15)}`
  const lines = [
    `   1140: ${bytes('0000')} ..`,
    `-  1160: ${bytes('0102')} ..`,
    `+  1160: ${bytes('0103')} ..`,
  ]
  t.equal(shortDiff(diffOf(lines, '@@ -2188,9 +2188,9 @@'))[2], 'the bytes differ from offset 69985 on')
  const nested = shortDiff(diffOf(lines, '@@ -2190,9 +2190,9 @@'))
  t.match(nested[2], /^- {2}1160: 0102/, 'no offset where the bytes are part of a larger value')
})
