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
    ['█░…', 3],
  ]
  for (const [text, width] of rows) t.equal(widthOf(text), width, text)
  t.ok(widthOf('❤️') >= 2, 'as wide as the terminal that draws the most')
  t.equal(widthOf('👨‍👩‍👧'), 6, 'each person of a family counts')
})

t.test('a shortened text is never cut inside a character', async (t) => {
  const middle = (text: string, width: number): string => shortenMiddle(text, { width, ellipsis: '…' })
  const end = (text: string, width: number): string => shortenEnd(text, { width, ellipsis: '…' })
  t.equal(middle('abcdefghij', 10), 'abcdefghij')
  t.equal(middle('abcdefghij', 5), 'ab…ij')
  t.equal(middle('abcdefghij', 4), 'a…ij')
  t.equal(middle('abcdefghij', 1), '…')
  t.equal(middle('abcdefghij', 0), '')
  t.equal(middle('日本語日本語.bin', 9), '日本….bin')
  t.equal(middle('🇨🇳🇩🇪🇫🇷.bin', 8), '🇨🇳….bin')
  t.equal(end('日本語', 5), '日本…')
  t.equal(end('日本語', 6), '日本語')
  t.equal(end('日本語', 1), '…')
  t.equal(end('日本語', 0), '')
})

t.test(
  'a shortened name keeps its extension where that leaves three columns for its beginning',
  async (t) => {
    const at = (text: string, width: number, ellipsis = '…'): string =>
      shortenMiddle(text, { width, ellipsis })
    t.equal(at('a-rather-long-name.tar.gz', 12), 'a-ra….tar.gz')
    t.equal(at('a-rather-long-name.tar.gz', 10), 'a-ra…ar.gz')
    t.equal(at('model-00001-of-00191.safetensors', 16), 'mod….safetensors')
    t.equal(at('ubuntu-24.04.3-desktop-amd64.iso', 20), 'ubuntu-24…-amd64.iso')
    t.equal(at('a-rather-long-name.bin', 11, '...'), 'a-ra....bin')
    t.equal(at('a-rather-long-name.bin', 2, '...'), '..')
  },
)
