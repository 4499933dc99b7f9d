import t from 'tap'
import { codingOf } from '#plugin/rules/content-coding.js'

t.test('a Content-Encoding of `identity` or of empty elements is no coding', async (t) => {
  for (const value of [undefined, null, '', 'identity', ' Identity , ', ','])
    t.equal(codingOf(value), undefined, String(value))
})

t.test(
  'the codings of a Content-Encoding are in lower case, without `identity`, from all lines',
  async (t) => {
    t.equal(codingOf('GZIP'), 'gzip')
    t.equal(codingOf(' gzip,identity, br '), 'gzip, br')
    t.equal(codingOf(['gzip', 'br']), 'gzip, br', 'two lines')
  },
)
