import t from 'tap'
import { mayNameVersion, type NamingConditions, namesVersion } from '#plugin/rules/named-version.js'

const ROWS: readonly (readonly [
  name: string,
  NamingConditions,
  etag: string | undefined,
  expected: boolean,
])[] = [
  ['no condition', {}, '"a"', false],
  ['§13.1.5: If-Range with the tag', { ifRange: '"a"' }, '"a"', true],
  ['§13.1.5: If-Range with another tag', { ifRange: '"b"' }, '"a"', false],
  ['§13.1.5: If-Range compares strongly', { ifRange: 'W/"a"' }, '"a"', false],
  ['§13.1.5: a weak tag is named by nothing', { ifRange: 'W/"a"' }, 'W/"a"', false],
  ['§13.1.5: If-Range with a date', { ifRange: 'Sun, 06 Nov 1994 08:49:37 GMT' }, '"a"', false],
  ['If-Range that is neither', { ifRange: '' }, '"a"', false],
  ['§13.1.1: If-Match with the tag', { ifMatch: '"a"' }, '"a"', true],
  ['§13.1.1: If-Match with a list', { ifMatch: '"b", "a"' }, '"a"', true],
  ['§13.1.1: If-Match with other tags', { ifMatch: '"b", "c"' }, '"a"', false],
  ['§13.1.1: If-Match compares strongly', { ifMatch: 'W/"a"' }, '"a"', false],
  ['§13.1.1: * is any version', { ifMatch: '*' }, '"a"', false],
  ['a version without a tag', { ifMatch: '*', ifRange: '"a"' }, undefined, false],
  ['both, and one has it', { ifMatch: '"b"', ifRange: '"a"' }, '"a"', true],
]

for (const [name, conditions, etag, expected] of ROWS) {
  t.test(`a request names a version: ${name}`, async (t) => {
    t.equal(namesVersion(conditions, etag), expected)
    if (expected) t.equal(mayNameVersion(conditions), true)
  })
}

t.test('a request without these conditions names no version', async (t) => {
  t.equal(mayNameVersion({}), false)
  t.equal(mayNameVersion({ ifRange: '' }), true)
  t.equal(mayNameVersion({ ifMatch: '' }), true)
})
