import t from 'tap'
import { isFieldName, isFieldValue, isMediaType } from '#plugin/rules/field-value.js'

t.test('§5.1: a field name is a token', async (t) => {
  t.equal(isFieldName('x-Name'), true)
  for (const name of ['', 'x name', 'x:', 'é']) t.equal(isFieldName(name), false, name)
})

t.test('§5.5: a field value is a string that a message can carry', async (t) => {
  t.equal(isFieldValue('a value'), true)
  for (const value of ['a\r\nb', 'a\0', '\u{1f600}', 1]) t.equal(isFieldValue(value), false, String(value))
})

t.test('a media type is a field value that is not empty', async (t) => {
  t.equal(isMediaType('text/plain; charset=utf-8'), true)
  for (const value of ['', 1, undefined, 'a\nb']) t.equal(isMediaType(value), false, String(value))
})
