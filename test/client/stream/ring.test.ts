// The memory of an output.
import t from 'tap'
import { Ring } from '#client/stream/ring.js'

t.test('bytes have their place by their position, also around the end of the memory', async (t) => {
  const ring = new Ring(8)
  ring.put(Buffer.from('abcdef'), 0)
  t.equal(ring.slice(1, 4).toString(), 'bcd')
  ring.put(Buffer.from('ghij'), 6)
  t.equal(ring.slice(6, 10).toString(), 'gh', 'as far as they lie in one piece')
  t.equal(ring.slice(8, 10).toString(), 'ij')
  t.equal(ring.slice(2, 6).toString(), 'cdef', 'the others are untouched')
})

t.test('memory that there is not is a shortage', async (t) => {
  t.throws(() => new Ring(2 ** 52), { code: 'ERR_DOWNLOAD_RESOURCES', message: /Use a smaller buffer/ })
})
