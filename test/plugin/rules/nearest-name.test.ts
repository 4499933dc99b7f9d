import t from 'tap'
import { nearestName } from '#plugin/rules/nearest-name.js'

const NAMES = [
  'bucket',
  'region',
  'endpoint',
  'pathStyle',
  'credentials',
  'maxRanges',
  'maxConnections',
  'etag',
]

for (const [name, nearest] of [
  ['endpint', 'endpoint'],
  ['endpoints', 'endpoint'],
  ['endpiont', 'endpoint'],
  ['ENDPOINT', 'endpoint'],
  ['creds', 'credentials'],
  ['cred', 'credentials'],
  ['maxConn', 'maxConnections'],
  ['maxRange', 'maxRanges'],
  ['max', undefined],
  ['maxi', undefined],
  ['eTag', 'etag'],
  ['tag', 'etag'],
  ['et', undefined],
  ['x', undefined],
  ['', undefined],
  ['somethingElse', undefined],
] as const) {
  t.test(`the name nearest to '${name}' is ${nearest ?? 'none'}`, async (t) => {
    t.equal(nearestName(name, NAMES), nearest)
  })
}
