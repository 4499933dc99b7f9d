import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { combineCrc32 } from '#client/state/crc32.js'

t.test('the CRC-32 of two pieces together is that of the whole', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      return combineCrc32(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]))
    }),
  )
  const long = Buffer.alloc(5_000_000, 'long')
  t.equal(combineCrc32(crc32('x'), crc32(long), long.length), crc32(Buffer.concat([Buffer.from('x'), long])))
})
