import t from 'tap'
import { plainStyle } from '#client/text/style.js'

t.test('a stream gets only the characters that it can show', async (t) => {
  const text = 'é – 日本 … → 🎉 sha-256'
  t.equal(plainStyle('all').legible(text), text)
  t.equal(plainStyle('names').legible(text), text, 'names stay as they are')
  t.equal(plainStyle('ascii').legible(text), '\\u00e9 - \\u65e5\\u672c ... -> \\ud83c\\udf89 sha-256')
  t.equal(plainStyle('all').ellipsis, '…')
  for (const characters of ['names', 'ascii'] as const) {
    const { ellipsis, bar, paint } = plainStyle(characters)
    t.match(ellipsis + bar.filled + bar.empty, /^\p{ASCII}+$/u)
    t.equal(paint('failure', 'text'), 'text')
  }
})
