import t from 'tap'
import { jsonLine, oneLine } from '#client/text/one-line.js'

const STEERING = [
  '\u0000',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u2028',
  '\u2029',
  '\u061c',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2066',
  '\u2069',
  '\ufeff',
  '\u{e0001}',
  '\ud800',
]

t.test('characters that could control a terminal are escaped, in text and in JSON', async (t) => {
  for (const character of STEERING) {
    const text = oneLine(`a${character}b`)
    t.match(text, /^a(?:\\u[0-9a-f]{4})+b$/)
    const line = jsonLine({ name: `a${character}b` })
    t.match(line, /^\{"name":"a(?:\\u[0-9a-f]{4})+b"\}$/)
    t.strictSame(JSON.parse(line), { name: `a${character}b` }, 'the value is the same')
  }
  t.equal(oneLine(' two\r\nlines\tand a tab\n'), 'two lines and a tab')
  t.equal(oneLine('👨‍👩‍👧 日本 é'), '👨‍👩‍👧 日本 é')
})
