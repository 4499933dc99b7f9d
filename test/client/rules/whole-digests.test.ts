import t from 'tap'
import { wholeDigests } from '#client/rules/whole-digests.js'

const [A, B] = ['A', 'B'].map((letter) => Buffer.alloc(32, letter).toString('base64'))
const MD5 = Buffer.alloc(16, 'M').toString('base64')

/** A head or trailers with these fields. */
const lines = (fields: Record<string, string>) =>
  new Map(Object.entries(fields).map(([name, value]) => [name, [value]]))

t.test('of a part, only Repr-Digest is a digest of the file', async (t) => {
  const fields = lines({
    'repr-digest': `sha-256=:${A}:`,
    'content-digest': `sha-256=:${B}:`,
    digest: `sha-256=${B}`,
    'content-md5': MD5,
  })
  t.strictSame(wholeDigests(fields, 'part'), { kind: 'digests', digests: { 'sha-256': A } })
})

t.test('of a whole file, all fields have its digests', async (t) => {
  const fields = lines({
    'repr-digest': `sha-256=:${A}:, md5=:${MD5}:`,
    'content-digest': `sha-256=:${A}:`,
    digest: `sha-256=${A}`,
    'content-md5': MD5,
  })
  t.strictSame(wholeDigests(fields, 'whole'), { kind: 'digests', digests: { 'sha-256': A, md5: MD5 } })
  t.strictSame(wholeDigests(new Map(), 'whole'), { kind: 'digests', digests: {} })
})

for (const [name, value] of [
  ['content-digest', `sha-256=:${B}:`],
  ['digest', `sha-256=${B}`],
  ['digest', `sha-256=${A}, sha-256=${B}`],
] as const) {
  t.test(`two digests that differ are a contradiction (${name}: ${value})`, async (t) => {
    const fields = lines({ 'repr-digest': `sha-256=:${A}:`, [name]: value })
    t.strictSame(wholeDigests(fields, 'whole'), { kind: 'contradiction', algorithm: 'sha-256' })
  })
}
