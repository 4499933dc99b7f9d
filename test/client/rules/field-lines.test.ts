// The header fields of an answer, unchanged.
import t from 'tap'
import { asUtf8, digits, fieldLines, list, single } from '#client/rules/field-lines.js'

const lines = fieldLines(['A', ' x\t', 'a', ' x\t', 'B', '1', 'b', '2', 'C'])

t.test('field names ignore case, and a name without a value is left out', async (t) => {
  t.strictSame([...lines.keys()], ['a', 'b'])
})

t.test('a single-value field with two different values is null', async (t) => {
  t.equal(single(lines, 'a'), 'x')
  t.equal(single(lines, 'b'), null)
  t.equal(single(lines, 'c'), null)
  t.equal(single(fieldLines(['a', '\u00a0']), 'a'), '\u00a0', 'a no-break space is no blank')
})

t.test('RFC 9110 §5.3: the lines of a list are joined by commas', async (t) => {
  t.equal(list(lines, 'b'), '1, 2')
  t.equal(list(lines, 'c'), null)
})

t.test('digits are read as a safe integer, or null', async (t) => {
  const rows: [text: string | null, want: number | null][] = [
    ['0', 0],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', null],
    ['-1', null],
    ['1 ', null],
    ['', null],
    [null, null],
  ]
  for (const [text, want] of rows) t.equal(digits(text), want, String(text))
})

t.test('bytes that are UTF-8 are read as UTF-8, others as Latin-1', async (t) => {
  t.equal(asUtf8('\u00c3\u00a4'), 'ä')
  t.equal(asUtf8('\u00e4'), 'ä')
  t.equal(asUtf8('\u00ef\u00bb\u00bfa'), '\ufeffa', 'a byte order mark stays')
  t.equal(asUtf8('€'), '€', 'what is no longer bytes stays')
})
