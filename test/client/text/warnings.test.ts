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

t.test('sentences about one download stand after the others, each once', async (t) => {
  const warnings = new Warnings()
  warnings.addSentence('a mirror failed')
  warnings.add('dates')
  warnings.addSentence('a mirror failed')
  t.match(warnings.sentences, [/refuses to set dates/, 'a mirror failed'])
  t.equal(warnings.sentences.length, 2)
})

t.test('it is known which kinds were added', async (t) => {
  const warnings = new Warnings()
  t.notOk(warnings.has('withheld'))
  warnings.add('withheld')
  t.ok(warnings.has('withheld'))
})
