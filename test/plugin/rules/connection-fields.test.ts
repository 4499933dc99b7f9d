import t from 'tap'
import { CONNECTION_FIELDS, endsWithHead, isChunked } from '#plugin/rules/connection-fields.js'

t.test('§7.6.1: the fields of a connection are listed by their lower-case names', async (t) => {
  for (const name of ['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade'])
    t.equal(CONNECTION_FIELDS.includes(name), true, name)
  t.strictSame(
    CONNECTION_FIELDS.filter((name) => name !== name.toLowerCase()),
    [],
  )
})

t.test('a Transfer-Encoding is chunked when `chunked` is its only coding, in any case', async (t) => {
  for (const value of ['chunked', 'Chunked', ['chunked']]) t.equal(isChunked(value), true, String(value))
  for (const value of ['gzip, chunked', 'identity', '', undefined, ['chunked', 'chunked']])
    t.equal(isChunked(value), false, String(value))
})

t.test('RFC 9112 §6.3: a 204 and a 304 end with their heads', async (t) => {
  for (const status of [204, 304]) t.equal(endsWithHead(status), true, String(status))
  for (const status of [200, 205, 206, 404, 416]) t.equal(endsWithHead(status), false, String(status))
})
