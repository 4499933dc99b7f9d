// What is not certain or not kept is said once for each kind.
import t from 'tap'
import { Shortfalls } from '#client/text/shortfall.js'

t.test('each shortfall is a warning, once', async (t) => {
  const met = new Shortfalls()
  t.strictSame(met.warnings, [])
  met.note('dates')
  met.note('modes')
  met.note('dates')
  t.match(met.warnings, [/refuses to set dates/, /refuses to set modes/])
  t.equal(met.warnings.length, 2)
})
