import t from 'tap'
import { parseContentRange } from '#client/rules/content-range.js'

t.test('a Content-Range gives its positions, and anything else is null', async (t) => {
  t.strictSame(parseContentRange('bytes 0-3/7877'), { kind: 'part', first: 0, last: 3, total: 7877 })
  t.strictSame(parseContentRange('bytes 0-3/*'), { kind: 'part', first: 0, last: 3, total: null })
  t.strictSame(parseContentRange('bytes */7877'), { kind: 'unsatisfied', total: 7877 })
  for (const invalid of [
    null,
    '',
    'bytes',
    'bytes=0-3/7877',
    '0-10/100',
    'bytes 3-0/10',
    'bytes 0-10/10',
    'bytes -3/10',
    'bytes 0-3/',
    'bytes 0-99999999999999999999/*',
    'bytes */*',
    'bytes 0-3 /10',
    'bytes 0x0-0x3/10',
  ]) {
    t.equal(parseContentRange(invalid), null, String(invalid))
  }
})
