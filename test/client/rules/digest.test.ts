import { createHash } from 'node:crypto'
import t from 'tap'
import { parseChecksum, parseDigests, strongest } from '#client/rules/digest.js'

t.test('a checksum and a digest field are read, and a malformed one is refused', async (t) => {
  const hex = createHash('sha256').update('x').digest('hex')
  const base64 = createHash('sha256').update('x').digest('base64')
  for (const form of [
    `sha-256=${hex}`,
    `SHA256=${hex.toUpperCase()}`,
    `sha-256=${base64}`,
    `sha256:${hex}`,
  ]) {
    t.strictSame(parseChecksum(form), { algorithm: 'sha-256', value: base64 }, form)
  }
  for (const bad of ['', hex, `sha-256=${hex}00`, `md5=${hex}`, 'sha-256=', `sha-512=${hex}`]) {
    t.throws(() => parseChecksum(bad), { code: 'ERR_DOWNLOAD_USAGE' }, bad)
  }
  t.strictSame(parseDigests(`sha-256=:${base64}:, md5=:AAAA:`), { 'sha-256': base64 })
  t.strictSame(parseDigests('sha-256=?1'), {})
  t.strictSame(parseDigests(null), {})
  t.strictSame(parseDigests('sha-256=:'), {}, 'not a structured field')
  t.equal(strongest({}), null)
  t.equal(strongest({ 'sha-256': base64, 'sha-512': 'x' })?.algorithm, 'sha-512')
})
