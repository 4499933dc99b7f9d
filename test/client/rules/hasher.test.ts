import { createHash } from 'node:crypto'
import t from 'tap'
import { hasher } from '#client/rules/hasher.js'

t.test('a hash has the algorithm of its name', async (t) => {
  for (const [algorithm, name] of [
    ['sha-256', 'sha256'],
    ['sha-512', 'sha512'],
  ] as const)
    t.equal(hasher(algorithm).update('x').digest('hex'), createHash(name).update('x').digest('hex'))
})
