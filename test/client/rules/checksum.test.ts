import { createHash } from 'node:crypto'
import t from 'tap'
import { parseChecksum } from '#client/rules/checksum.js'

t.test('a checksum is read in each form, and a malformed one is refused', async (t) => {
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
})
