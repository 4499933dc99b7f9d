import t from 'tap'
import { parseRangeSet } from '#plugin/range-set.js'

t.test('§14.2 why a Range field is ignored', async (t) => {
  const cases: { name: string; value: string; reason: 'malformed' | 'other-unit' | 'too-many' }[] = [
    { name: 'no range-unit', value: '=0-1', reason: 'malformed' },
    { name: 'no equals sign', value: 'bytes', reason: 'malformed' },
    { name: 'another sign in its place', value: 'bytes:0-1', reason: 'malformed' },
    { name: 'a unit of one letter', value: 'x=0-1', reason: 'other-unit' },
    { name: 'a unit that begins like bytes', value: 'bytesx=0-1', reason: 'other-unit' },
    { name: 'the character before 0 in ASCII', value: 'bytes=0-/', reason: 'malformed' },
    { name: 'the character behind 9 in ASCII', value: 'bytes=0-:', reason: 'malformed' },
    { name: 'the character behind 9, among digits', value: 'bytes=0-1:2', reason: 'malformed' },
    { name: 'nothing behind the equals sign', value: 'bytes=', reason: 'malformed' },
    { name: 'empty list elements only', value: 'bytes=,', reason: 'malformed' },
    { name: 'one range more than are allowed', value: 'bytes=0-1,2-3,4-5', reason: 'too-many' },
    { name: 'one more, and then a mistake', value: 'bytes=0-1,2-3,4-5,x', reason: 'too-many' },
  ]
  for (const { name, value, reason } of cases)
    t.strictSame(parseRangeSet(value, 2), { kind: 'ignored', reason }, name)
  t.equal(parseRangeSet('bytes=0-1,2-3,', 2).kind, 'range-set', 'as many as are allowed')
  t.equal(parseRangeSet('bytes=0-1, \t', 2).kind, 'range-set', 'an empty element with whitespace at the end')
})
