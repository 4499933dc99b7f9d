import { createHash } from 'node:crypto'
import t from 'tap'
import { RunningPieces } from '#client/files/running-pieces.js'

const BYTES = Buffer.from('abcdefghij')
const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64')

for (const length of [1, 3, 5, 10, 11])
  for (const chunk of [1, 2, 3, 10])
    t.test(`pieces of ${length} bytes, that come in chunks of ${chunk}`, async (t) => {
      const running = new RunningPieces({ algorithm: 'sha-1', length })
      for (let at = 0; at < BYTES.length; at += chunk) running.update(BYTES.subarray(at, at + chunk))
      const expected: string[] = []
      for (let at = 0; at < BYTES.length; at += length) expected.push(sha1(BYTES.subarray(at, at + length)))
      t.strictSame(running.end(), expected)
    })

t.test('nothing has no piece', async (t) => {
  t.strictSame(new RunningPieces({ algorithm: 'md5', length: 5 }).end(), [])
})
