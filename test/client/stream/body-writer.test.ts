// The bytes of one body on their way into memory.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { BodyWriter } from '#client/stream/body-writer.js'

type Settle = (error?: Error) => void

function start(roomEnd: number, worthwhile = 1) {
  const place = {
    roomEnd,
    worthwhile,
    text: '',
    stored: 0,
    underWay: 0,
    put: (bytes: Buffer, position: number): Promise<void> | null => {
      t.equal(position, 10 + place.text.length)
      place.text += bytes.toString()
      return null
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

/** A place whose bytes are there when `next()` is called, or fail. */
function slow(roomEnd: number, underWay: number) {
  const started = start(roomEnd)
  const { put } = started.place
  const way: Settle[] = []
  const place = Object.assign(started.place, {
    underWay,
    put: (bytes: Buffer, position: number) => {
      void put(bytes, position)
      let settle: Settle = () => undefined
      const there = new Promise<void>((resolve, reject) => {
        settle = (error) => (error === undefined ? resolve() : reject(error))
      })
      way.push(settle)
      return there
    },
  })
  const next = async (error?: Error): Promise<void> => {
    way.shift()?.(error)
    await nextTurn()
  }
  return { place, writer: new BodyWriter(10, place), next }
}

t.test('bytes on their way have come, but are not in their places', async (t) => {
  const { place, writer, next } = slow(99, 5)
  t.equal(writer.push(Buffer.from('abc')), null)
  const wait = writer.push(Buffer.from('def'))
  t.ok(wait, 'six bytes are more than five')
  t.equal(place.text, 'abcdef')
  t.equal(writer.isUnderWay, true)
  t.strictSame(writer.stored, { start: 10, end: 10 })
  t.strictSame(writer.received, { start: 10, end: 16 })
  t.equal(place.stored, 0)
  await next()
  t.strictSame(writer.stored, { start: 10, end: 13 })
  t.equal(place.stored, 1)
  t.equal(await isSettled(wait), true, 'three are not')
  await next()
  t.strictSame(writer.stored, writer.received)
  t.equal(writer.isUnderWay, false)
})

t.test('a connection waits as long as bytes have no room, although none are on their way', async (t) => {
  const { place, writer, next } = slow(12, 5)
  const wait = writer.push(Buffer.from('abcd'))
  await next()
  t.equal(await isSettled(wait), false)
  t.strictSame(writer.received, { start: 10, end: 14 })
  place.roomEnd = 14
  writer.useRoom()
  t.equal(await isSettled(wait), true)
  t.strictSame(writer.stored, { start: 10, end: 12 })
  await next()
  t.strictSame(writer.stored, { start: 10, end: 14 })
})

t.test('a space is not used again before all of its bytes are in their places', async (t) => {
  const { place, writer, next } = slow(12, 1_000_000)
  const first = writer.reserve()
  void writer.push(first.subarray(0, 4))
  const second = writer.reserve()
  t.not(second, first)
  t.equal(writer.reserve(), second, 'it was not pushed')
  await next()
  place.roomEnd = 99
  writer.useRoom()
  void writer.push(second.subarray(0, 1))
  const third = writer.reserve()
  t.notOk([first, second].includes(third))
  void writer.push(third.subarray(0, 1))
  await next()
  t.equal(writer.reserve(), first)
})

t.test('a few bytes in a large space keep all of it', async (t) => {
  const { writer } = slow(99, 300_000)
  t.equal(writer.push(writer.reserve().subarray(0, 1)), null)
  t.ok(writer.push(writer.reserve().subarray(0, 1)))
})

t.test('a body whose place fails lets its connection go', async (t) => {
  const { writer, next } = slow(99, 0)
  const wait = writer.push(Buffer.from('ab'))
  t.equal(await isSettled(wait), false)
  await next(new Error('no disk'))
  t.equal(await isSettled(wait), true)
  t.equal(writer.push(Buffer.from('cd')), null)
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
