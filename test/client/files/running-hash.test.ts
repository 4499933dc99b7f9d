import { createHash } from 'node:crypto'
import t from 'tap'
import { runningHash } from '#client/files/running-hash.js'
import { DIGEST_BYTES, SENT_ALGORITHMS, type SentAlgorithm } from '#client/rules/digest.js'

const CHECKED = Buffer.from('123456789')
const ofNode = (name: string): string => createHash(name).update(CHECKED).digest('hex')

/** Of the digits 1 to 9: the check values in the catalogue of parametrised CRC algorithms. */
const WANTED: Readonly<Record<SentAlgorithm, string>> = {
  'sha-512': ofNode('sha512'),
  'sha-256': ofNode('sha256'),
  'sha-1': ofNode('sha1'),
  md5: ofNode('md5'),
  crc64nvme: 'ae8b14860a799888',
  crc32c: 'e3069283',
  crc32: 'cbf43926',
}

for (const algorithm of SENT_ALGORITHMS) {
  t.test(`bytes in two pieces have the ${algorithm} of all, and no bytes that of nothing`, async (t) => {
    const hash = await runningHash(algorithm)
    hash.update(CHECKED.subarray(0, 4))
    const other = await runningHash(algorithm)
    hash.update(CHECKED.subarray(4))
    t.equal(Buffer.from(hash.digest(), 'base64').toString('hex'), WANTED[algorithm])
    const empty = Buffer.from(other.digest(), 'base64')
    t.equal(empty.length, DIGEST_BYTES[algorithm])
    t.not(empty.toString('hex'), WANTED[algorithm])
  })
}
