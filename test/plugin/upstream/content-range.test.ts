import t from 'tap'
import { parseContentRange } from '#plugin/upstream/content-range.js'

for (const [value, result] of [
  ['bytes 0-3/10', { kind: 'part', range: { first: 0, last: 3 }, size: 10 }],
  ['Bytes 9-9/10', { kind: 'part', range: { first: 9, last: 9 }, size: 10 }],
  ['bytes */10', { kind: 'unsatisfied', size: 10 }],
  ['bytes */0', { kind: 'unsatisfied', size: 0 }],
  ['bytes 0-3/*', undefined],
  ['bytes 0--1/0', undefined],
  ['bytes 3-2/10', undefined],
  ['bytes 0-10/10', undefined],
  ['bytes=0-3/10', undefined],
  ['bytes 0-3', undefined],
  ['bytes 0-3/9999999999999999', undefined],
  ['bytes */9999999999999999', undefined],
  ['bytes 0-3/10, bytes 0-3/10', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  t.test(`the Content-Range ${value} is ${result?.kind ?? 'invalid'}`, async (t) => {
    t.strictSame(parseContentRange(value), result)
  })
}
