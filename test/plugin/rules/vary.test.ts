import t from 'tap'
import { withVary } from '#plugin/rules/vary.js'

const ROWS: readonly (readonly [name: string, given: unknown, expected: string])[] = [
  ['none', undefined, 'Accept-Encoding'],
  ['another name', 'Origin', 'Origin, Accept-Encoding'],
  ['the name itself', 'Accept-Encoding', 'Accept-Encoding'],
  ['the name in another case', 'origin, accept-encoding', 'origin, accept-encoding'],
  ['a longer name', 'X-Accept-Encoding', 'X-Accept-Encoding, Accept-Encoding'],
  ['several lines', ['Origin', 'Cookie'], 'Origin, Cookie, Accept-Encoding'],
  ['several lines with the name', ['Origin', 'Accept-Encoding, Cookie'], 'Origin, Accept-Encoding, Cookie'],
  ['§12.5.5: * is any aspect of the request', '*', '*'],
  ['empty elements', ' , Origin,,', 'Origin, Accept-Encoding'],
  ['an empty value', '', 'Accept-Encoding'],
]

for (const [name, given, expected] of ROWS) {
  t.test(`Vary with Accept-Encoding: ${name}`, async (t) => {
    t.equal(withVary(given, 'Accept-Encoding'), expected)
  })
}
