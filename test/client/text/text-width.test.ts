import t from 'tap'
import { shortenEnd, shortenMiddle, widthOf } from '#client/text/text-width.js'

t.test('a text has the width of the terminal that draws it widest', async (t) => {
  const rows: [string, number][] = [
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🎉', 2],
    ['ｶﾞ', 2],
    ['한국', 4],
  ]
  for (const [text, width] of rows) t.equal(widthOf(text), width, text)
  t.ok(widthOf('❤️') >= 2, 'as wide as the terminal that draws the most')
  t.equal(widthOf('👨‍👩‍👧'), 6, 'each person of a family counts')
})

t.test('a shortened text is never cut inside a character', async (t) => {
  t.equal(shortenMiddle('abcdefghij', 10), 'abcdefghij')
  t.equal(shortenMiddle('abcdefghij', 5), 'ab…ij')
  t.equal(shortenMiddle('abcdefghij', 4), 'a…ij')
  t.equal(shortenMiddle('abcdefghij', 1), '…')
  t.equal(shortenMiddle('abcdefghij', 0), '')
  t.equal(shortenMiddle('日本語日本語.bin', 9), '日本….bin')
  t.equal(shortenMiddle('🇨🇳🇩🇪🇫🇷.bin', 8), '🇨🇳….bin')
  t.equal(shortenEnd('日本語', 5), '日本…')
  t.equal(shortenEnd('日本語', 6), '日本語')
  t.equal(shortenEnd('日本語', 1), '…')
  t.equal(shortenEnd('日本語', 0), '')
})
