import t from 'tap'
import { decodePercent } from '#client/rules/percent-encoding.js'

const ROWS: readonly (readonly [encoded: string, decoded: string])[] = [
  ['', ''],
  ['plain', 'plain'],
  ['a%20b', 'a b'],
  ['%E2%82%AC', '€'],
  ['%e2%82%ac', '€'],
  ['a+b', 'a+b'],
  ['%2525', '%25'],
  ['100%', '100%'],
  ['%zz', '%zz'],
  ['%E2%82', '%E2%82'],
  ['a%20b%ff', 'a%20b%ff'],
]

for (const [encoded, decoded] of ROWS) {
  t.test(`percent-encoding is decoded if all of it is valid UTF-8 (${encoded})`, async (t) => {
    t.equal(decodePercent(encoded), decoded)
  })
}
