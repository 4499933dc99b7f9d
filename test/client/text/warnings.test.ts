import t from 'tap'
import { Warnings } from '#client/text/warnings.js'

t.test('a kind of warning that is added twice is one sentence', async (t) => {
  const warnings = new Warnings()
  t.strictSame(warnings.sentences, [])
  warnings.add('dates')
  warnings.add('modes')
  warnings.add('dates')
  t.match(warnings.sentences, [/refuses to set dates/, /refuses to set modes/])
  t.equal(warnings.sentences.length, 2)
})
