import t from 'tap'
import { CONNECTION_FIELDS, endsWithHead, isChunked } from '#plugin/rules/connection-fields.js'
import { codingOf } from '#plugin/rules/content-coding.js'
import { isFieldName, isFieldValue, isMediaType } from '#plugin/rules/field-value.js'

t.test('§7.6.1: the fields of a connection are known by their lower-case names', async (t) => {
  for (const name of ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade'])
    t.equal(CONNECTION_FIELDS.includes(name), true, name)
  t.strictSame(
    CONNECTION_FIELDS.filter((name) => name !== name.toLowerCase()),
    [],
  )
})

t.test('Transfer-Encoding: only `chunked` alone is what Node does', async (t) => {
  for (const value of ['chunked', 'Chunked', ['chunked']]) t.equal(isChunked(value), true, String(value))
  for (const value of ['gzip, chunked', 'identity', '', undefined, ['chunked', 'chunked']])
    t.equal(isChunked(value), false, String(value))
})

t.test('RFC 9112 §6.3: a 204 and a 304 end with their heads', async (t) => {
  for (const status of [204, 304]) t.equal(endsWithHead(status), true, String(status))
  for (const status of [200, 205, 206, 404, 416]) t.equal(endsWithHead(status), false, String(status))
})

t.test('Content-Encoding: `identity`, empty elements and case say nothing', async (t) => {
  for (const value of [undefined, null, '', 'identity', ' Identity , ', ','])
    t.equal(codingOf(value), undefined)
  t.equal(codingOf('GZIP'), 'gzip')
  t.equal(codingOf(' gzip,identity, br '), 'gzip, br')
  t.equal(codingOf(['gzip', 'br']), 'gzip, br', 'of several lines')
})

t.test('§5.1 and §5.5: what a message can hold as a name, a value or a media type', async (t) => {
  t.equal(isFieldName('x-Name'), true)
  for (const name of ['', 'x name', 'x:', 'é']) t.equal(isFieldName(name), false, name)
  t.equal(isFieldValue('a value'), true)
  for (const value of ['a\r\nb', 'a\0', '\u{1f600}', 1]) t.equal(isFieldValue(value), false, String(value))
  t.equal(isMediaType('text/plain; charset=utf-8'), true)
  for (const value of ['', 1, undefined, 'a\nb']) t.equal(isMediaType(value), false, String(value))
})
