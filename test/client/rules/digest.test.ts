import { createHash } from 'node:crypto'
import t from 'tap'
import { parseDigests, strongest } from '#client/rules/digest.js'

t.test('a digest field is read, and what is unknown or malformed in it is ignored', async (t) => {
  const base64 = createHash('sha256').update('x').digest('base64')
  t.strictSame(parseDigests(`sha-256=:${base64}:, md5=:AAAA:`), { 'sha-256': base64 })
  const md5 = createHash('md5').update('x').digest('base64')
  const sha = createHash('sha1').update('x').digest('base64')
  t.strictSame(parseDigests(`md5=:${md5}:, sha=:${sha}:`), { md5, 'sha-1': sha })
  t.strictSame(parseDigests('sha-256=?1'), {})
  t.strictSame(parseDigests(null), {})
  t.strictSame(parseDigests('sha-256=:'), {}, 'not a structured field')
  t.equal(strongest({}), null)
  t.equal(strongest({ md5 }), null, 'md5 proves nothing')
  t.equal(strongest({ 'sha-256': base64, 'sha-512': 'x' })?.algorithm, 'sha-512')
})
