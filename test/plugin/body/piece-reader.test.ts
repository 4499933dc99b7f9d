import t from 'tap'
import { PieceReader } from '#plugin/body/piece-reader.js'
import { MAX_READS_PER_ANSWER } from '#plugin/memory-bounds.js'
import { type Layout, type Piece, pieceLength } from '#plugin/rules/multipart.js'
import type { NearbyReader, Read } from '#plugin/sources/grouped-reads.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'

const CONTENT = numberedLines(1000)
const SIGNAL = new AbortController().signal

const literal = (text: string): Piece => ({ kind: 'literal', bytes: Buffer.from(text) })
const range = (first: number, last: number): Piece => ({ kind: 'range', range: { first, last } })

/** A body of the given pieces. */
function layOutPieces(pieces: readonly Piece[]): Layout {
  return {
    length: pieces.reduce((sum, piece) => sum + pieceLength(piece), 0),
    pieceCount: pieces.length,
    piece: (index) => pieces[index] as Piece,
    rangesAfter: () => [],
  }
}

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

t.test('pieces are read in order, whatever the size of the buffer and of each read', async (t) => {
  const pieces = [literal('head '), range(0, 24), literal(' middle '), range(990, 999), literal(' end')]
  const want = `head ${CONTENT.subarray(0, 25)} middle ${CONTENT.subarray(990)} end`
  for (const room of [1, 2, 7, 10, 33, 1000]) {
    for (const most of [1, 3, 1000]) {
      const reader = new PieceReader(
        reading((asked) => Math.min(asked, most)),
        layOutPieces(pieces),
        SIGNAL,
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

t.test('a read that returns an impossible count is refused', async (t) => {
  const rows = [
    { name: '0', count: () => 0, code: 'ERR_RANGE_CHANGED' },
    { name: 'a negative count', count: () => -1, code: 'ERR_RANGE_LENGTH' },
    { name: 'a fractional count', count: () => 0.5, code: 'ERR_RANGE_LENGTH' },
    { name: 'NaN', count: () => Number.NaN, code: 'ERR_RANGE_LENGTH' },
    { name: 'Infinity', count: () => Number.POSITIVE_INFINITY, code: 'ERR_RANGE_LENGTH' },
    {
      name: 'a count larger than the buffer',
      count: (asked: number) => asked + 1,
      code: 'ERR_RANGE_LENGTH',
    },
    { name: 'undefined', count: () => undefined as unknown as number, code: 'ERR_RANGE_LENGTH' },
  ]
  for (const { name, count, code } of rows) {
    const reader = new PieceReader(reading(count), layOutPieces([range(0, 9)]), SIGNAL)
    await t.rejects(reader.fill(Buffer.alloc(10)), { name: 'SendRangeError', code }, name)
  }
})

t.test('the last bytes are read only while the version is unchanged', async (t) => {
  const asked: boolean[] = []
  const unchanged = async (): Promise<boolean> => {
    asked.push(true)
    return false
  }
  const reader = new PieceReader(
    { ...reading((length) => length), unchanged },
    layOutPieces([range(0, 19)]),
    SIGNAL,
  )
  t.equal(await reader.fill(Buffer.alloc(19)), 19)
  t.strictSame(asked, [], 'not asked before the last bytes')
  await t.rejects(reader.fill(Buffer.alloc(19)), { code: 'ERR_RANGE_CHANGED' })
  t.strictSame(asked, [true])
})

t.test(
  'an answer of many parts has a limited number of reads at once, and each gets the signal',
  async (t) => {
    const pieces = Array.from({ length: 300 }, (_, index) => range(3 * index, 3 * index))
    let underWay = 0
    let most = 0
    const signals = new Set<AbortSignal>()
    const representation = {
      ...reading((length) => length),
      async readAt(target: Uint8Array, position: number, signal: AbortSignal) {
        signals.add(signal)
        most = Math.max(most, ++underWay)
        await new Promise(setImmediate)
        underWay--
        target[0] = CONTENT[position] ?? 0
        return 1
      },
    }
    const target = Buffer.alloc(300)
    t.equal(await new PieceReader(representation, layOutPieces(pieces), SIGNAL).fill(target), 300)
    t.strictSame([...target], [...CONTENT.filter((_, at) => at % 3 === 0 && at < 900)], 'each at its place')
    t.equal(most, MAX_READS_PER_ANSWER)
    t.strictSame([...signals], [SIGNAL])
  },
)

t.test('a failed read is reported after all other reads have ended', async (t) => {
  let underWay = 0
  const representation = {
    ...reading((length) => length),
    async readAt(_target: Uint8Array, position: number) {
      underWay++
      for (let turn = 0; turn < position; turn++) await new Promise(setImmediate)
      underWay--
      if (position === 2) throw new Error('no')
      return 1
    },
  }
  const pieces = [9, 2, 5, 7, 8, 8].map((position) => range(position, position))
  const reader = new PieceReader(representation, layOutPieces(pieces), SIGNAL)
  await t.rejects(reader.fill(Buffer.alloc(6)), { message: 'no' })
  t.equal(underWay, 0)
})

t.test('a copy begins where its original was, and moving forward reads nothing', async (t) => {
  const pieces: Piece[] = [literal('head'), range(10, 29), literal('tail')]
  const layout = layOutPieces(pieces)
  const whole = Buffer.concat([Buffer.from('head'), CONTENT.subarray(10, 30), Buffer.from('tail')])
  for (let read = 0; read <= whole.length; read++) {
    for (let passed = 0; read + passed <= whole.length; passed++) {
      const reader = new PieceReader(
        reading((asked) => asked),
        layout,
        SIGNAL,
      )
      await reader.fill(Buffer.alloc(read))
      const copy = reader.copy()
      await reader.fill(Buffer.alloc(whole.length))
      copy.forward(passed)
      const target = Buffer.alloc(copy.remaining)
      await copy.fill(target)
      sameBytes(t, target, whole.subarray(read + passed))
    }
  }
})

/** A representation that reads several places at once, as `readNearby` says, and notes how it is read. */
function readingNearby(readNearby: (reads: readonly Read[]) => Promise<boolean>) {
  const calls: string[] = []
  const single = reading((length) => length)
  const representation: NearbyReader = {
    ...single,
    async readAt(target, position) {
      calls.push(`${position}`)
      return single.readAt(target, position)
    },
    async readNearby(reads) {
      calls.push(reads.map(({ position }) => position).join('+'))
      return readNearby(reads)
    },
  }
  return { representation, calls }
}

t.test(
  'positions close to each other are read with one call where the representation supports it',
  async (t) => {
    const pieces = [
      literal('a'),
      range(0, 9),
      literal('b'),
      range(20, 29),
      range(5, 6),
      literal('c'),
      range(900, 909),
    ]
    const want = Buffer.concat([
      Buffer.from('a'),
      CONTENT.subarray(0, 10),
      Buffer.from('b'),
      CONTENT.subarray(20, 30),
      CONTENT.subarray(5, 7),
      Buffer.from('c'),
      CONTENT.subarray(900, 910),
    ])
    const fillAll = async (reads: readonly Read[]): Promise<boolean> => {
      for (const { target, position } of reads) CONTENT.copy(target, 0, position)
      return true
    }
    const outcomes = {
      'all bytes': { readNearby: fillAll, calls: ['0+20', '5+900'] },
      'fewer bytes': { readNearby: async () => false, calls: ['0+20', '5+900', '0', '5', '20', '900'] },
      'an error': {
        readNearby: () => Promise.reject(new Error('what lies between cannot be read')),
        calls: ['0+20', '5+900', '0', '5', '20', '900'],
      },
    }
    for (const [name, { readNearby, calls }] of Object.entries(outcomes)) {
      const nearby = readingNearby(readNearby)
      const target = Buffer.alloc(want.length)
      t.equal(
        await new PieceReader(nearby.representation, layOutPieces(pieces), SIGNAL).fill(target),
        want.length,
      )
      sameBytes(t, target, want, name)
      t.strictSame(nearby.calls.toSorted(), calls.toSorted(), name)
    }
  },
)
