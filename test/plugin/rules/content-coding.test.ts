import t from 'tap'
import { codingOf, isContentEncoding } from '#plugin/rules/content-coding.js'

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

t.test('a Content-Encoding is a list of tokens', async (t) => {
  for (const value of ['gzip', 'GZIP, br', ' gzip , , x-own ', '']) t.ok(isContentEncoding(value), value)
  for (const value of ['gz ip', 'gzip;q=1', 'gzip\r\nx: y', 'gzip, "br"', 'é', 7, null, ['gzip']])
    t.notOk(isContentEncoding(value), String(value))
})
