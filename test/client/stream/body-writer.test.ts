// The bytes of one body on their way into memory.
import t from 'tap'
import { BodyWriter } from '#client/stream/body-writer.js'

function start(roomEnd: number, worthwhile = 1) {
  const place = {
    roomEnd,
    worthwhile,
    text: '',
    stored: 0,
    put: (bytes: Buffer, position: number) => {
      t.equal(position, 10 + place.text.length)
      place.text += bytes.toString()
    },
    onStored: () => place.stored++,
  }
  return { place, writer: new BodyWriter(10, place) }
}

const isSettled = async (promise: Promise<void> | null): Promise<boolean> => {
  const turn = new Promise<'no'>((resolve) => setImmediate(resolve, 'no'))
  return (await Promise.race([promise, turn])) !== 'no'
}

t.test('bytes with room go into memory at once', async (t) => {
  const { place, writer } = start(99)
  t.equal(writer.push(Buffer.from('abc')), null)
  t.equal(place.text, 'abc')
  t.equal(place.stored, 1)
  t.strictSame(writer.stored, { start: 10, end: 13 })
})

t.test('bytes without room wait, and so does the connection', async (t) => {
  const { place, writer } = start(12)
  const wait = writer.push(Buffer.from('abcd'))
  t.equal(place.text, 'ab')
  t.strictSame(writer.stored, { start: 10, end: 12 })
  t.strictSame(writer.received, { start: 10, end: 14 })
  t.equal(writer.length, 4)
  t.equal(writer.push(Buffer.from('ef')), wait, 'what was on the way waits too')
  place.roomEnd = 13
  writer.useRoom()
  t.equal(place.text, 'abc')
  t.equal(await isSettled(wait), false)
  place.roomEnd = 16
  writer.useRoom()
  t.equal(place.text, 'abcdef')
  t.equal(await isSettled(wait), true)
  place.roomEnd = 20
  t.equal(writer.push(Buffer.from('g')), null)
})

t.test('a connection goes on only when there is room that is worth it', async (t) => {
  const { place, writer } = start(10, 8)
  const wait = writer.push(Buffer.from('ab'))
  place.roomEnd = 17
  writer.useRoom()
  t.equal(place.text, '')
  place.roomEnd = 18
  writer.useRoom()
  t.equal(place.text, 'ab')
  t.equal(await isSettled(wait), true)
})

t.test('bytes that come while others wait stay behind them, although there is room by now', async (t) => {
  const { place, writer } = start(10, 8)
  const wait = writer.push(Buffer.from('ab'))
  place.roomEnd = 99 // the writer has not been told yet
  t.equal(writer.push(Buffer.from('cd')), wait)
  t.notOk(place.text.startsWith('c'))
  writer.useRoom()
  t.equal(place.text, 'abcd')
  t.strictSame(writer.stored, { start: 10, end: 14 })
})

t.test('the space of a read is used again, unless its bytes wait', async (t) => {
  const { writer } = start(12)
  const first = writer.reserve()
  t.equal(writer.push(first.subarray(0, 2)), null)
  t.equal(writer.reserve(), first)
  void writer.push(first.subarray(0, 5))
  t.not(writer.reserve(), first)
})

t.test('an abandoned body lets its connection go, and takes nothing more', async (t) => {
  const { place, writer } = start(10)
  const wait = writer.push(Buffer.from('ab'))
  writer.abandon()
  t.equal(await isSettled(wait), true)
  t.equal(writer.push(Buffer.from('cd')), null)
  t.equal(writer.length, 0)
  t.equal(place.text, '')
})
