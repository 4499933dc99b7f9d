import t from 'tap'
import type { Piece } from '#plugin/multipart.js'
import { PieceReader } from '#plugin/piece-reader.js'
import { numberedLines } from './support/numbered-lines.ts'

const CONTENT = numberedLines(1000)

const literal = (text: string): Piece => ({ kind: 'literal', bytes: Buffer.from(text) })
const range = (first: number, last: number): Piece => ({ kind: 'range', range: { first, last } })

/** A representation whose reads give as many bytes as `count` says, of those that were asked for. */
function reading(count: (asked: number) => number) {
  return {
    size: CONTENT.length,
    async readAt(target: Uint8Array, position: number) {
      const given = count(target.length)
      CONTENT.copy(target, 0, position, position + Math.max(0, Math.min(given, target.length)))
      return given
    },
    close() {},
  }
}

t.test('the pieces come out in order, however much fits and however little a read gives', async (t) => {
  const pieces = [literal('head '), range(0, 24), literal(' middle '), range(990, 999), literal(' end')]
  const want = `head ${CONTENT.subarray(0, 25)} middle ${CONTENT.subarray(990)} end`
  for (const room of [1, 2, 7, 10, 33, 1000]) {
    for (const most of [1, 3, 1000]) {
      const reader = new PieceReader(
        reading((asked) => Math.min(asked, most)),
        pieces,
      )
      t.equal(reader.remaining, want.length)
      let read = ''
      while (reader.remaining > 0) {
        const target = Buffer.alloc(room)
        const count = await reader.fill(target)
        t.ok(count > 0 && count <= room)
        read += target.toString('latin1', 0, count)
      }
      t.equal(read, want, `room for ${room}, ${most} at a time`)
    }
  }
})

t.test('a count of bytes that a read cannot have', async (t) => {
  const rows = [
    { name: '0', count: () => 0, code: 'ERR_RANGE_CHANGED' },
    { name: 'a negative one', count: () => -1, code: 'ERR_RANGE_LENGTH' },
    { name: 'a fractional one', count: () => 0.5, code: 'ERR_RANGE_LENGTH' },
    { name: 'NaN', count: () => Number.NaN, code: 'ERR_RANGE_LENGTH' },
    { name: 'Infinity', count: () => Number.POSITIVE_INFINITY, code: 'ERR_RANGE_LENGTH' },
    {
      name: 'one more than there was room for',
      count: (asked: number) => asked + 1,
      code: 'ERR_RANGE_LENGTH',
    },
    { name: 'none at all', count: () => undefined as unknown as number, code: 'ERR_RANGE_LENGTH' },
  ]
  for (const { name, count, code } of rows) {
    const reader = new PieceReader(reading(count), [range(0, 9)])
    await t.rejects(reader.fill(Buffer.alloc(10)), { name: 'SendRangeError', code }, name)
  }
})

t.test('the last bytes come out only of a version that is still there', async (t) => {
  const asked: boolean[] = []
  const unchanged = async (): Promise<boolean> => {
    asked.push(true)
    return false
  }
  const reader = new PieceReader({ ...reading((length) => length), unchanged }, [range(0, 19)])
  t.equal(await reader.fill(Buffer.alloc(19)), 19)
  t.strictSame(asked, [], 'not asked while there is more to come')
  await t.rejects(reader.fill(Buffer.alloc(19)), { code: 'ERR_RANGE_CHANGED' })
  t.strictSame(asked, [true])
})
