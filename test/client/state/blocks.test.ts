import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  addBlock,
  type Block,
  byteCount,
  cutInto,
  gaps,
  MAX_BLOCK_BYTES,
  uncovered,
} from '#client/state/blocks.js'

const MIB = 1024 * 1024
const FILE = Buffer.from('every byte at its place')

type Span = [start: number, end: number]
const spans = (intervals: readonly { start: number; end: number }[]): Span[] =>
  intervals.map(({ start, end }) => [start, end])
const intervals = (all: readonly Span[]) => all.map(([start, end]) => ({ start, end }))

t.test('a block joins its neighbours where it touches them', async (t) => {
  const block = (start: number, end: number): Block => ({ start, end, crc: crc32(FILE.subarray(start, end)) })
  const cases: { name: string; held: Span[]; add: Span; want: Span[] }[] = [
    { name: 'the first', held: [], add: [3, 5], want: [[3, 5]] },
    {
      name: 'behind, apart',
      held: [[0, 2]],
      add: [3, 5],
      want: [
        [0, 2],
        [3, 5],
      ],
    },
    {
      name: 'before, apart',
      held: [[6, 8]],
      add: [3, 5],
      want: [
        [3, 5],
        [6, 8],
      ],
    },
    { name: 'behind, touching', held: [[0, 3]], add: [3, 5], want: [[0, 5]] },
    { name: 'before, touching', held: [[5, 8]], add: [3, 5], want: [[3, 8]] },
    {
      name: 'between two',
      held: [
        [0, 3],
        [5, 8],
      ],
      add: [3, 5],
      want: [[0, 8]],
    },
    {
      name: 'between two of several',
      held: [
        [0, 1],
        [2, 3],
        [5, 8],
        [9, 10],
      ],
      add: [3, 5],
      want: [
        [0, 1],
        [2, 8],
        [9, 10],
      ],
    },
    { name: 'without bytes', held: [[0, 3]], add: [3, 3], want: [[0, 3]] },
  ]
  for (const { name, held, add, want } of cases) {
    const result = addBlock(
      held.map(([start, end]) => block(start, end)),
      block(...add),
    )
    t.strictSame(
      result,
      want.map(([start, end]) => block(start, end)),
      name,
    )
  }
  t.strictSame(addBlock([], block(3, 3)), [], 'no bytes at all')
  const far = { crc: 0, start: 2 * MAX_BLOCK_BYTES, end: 2 * MAX_BLOCK_BYTES + 1 }
  t.equal(addBlock([far], { ...far, start: far.end, end: far.end + 1 }).length, 1, 'far behind the start')
  const half = { crc: 0, start: 0, end: MAX_BLOCK_BYTES / 2 }
  const second = { crc: 0, start: half.end, end: MAX_BLOCK_BYTES }
  t.equal(MAX_BLOCK_BYTES, 64 * MIB)
  t.strictSame(spans(addBlock([half], second)), [[0, MAX_BLOCK_BYTES]], 'up to the limit')
  t.equal(addBlock([half], { ...second, end: second.end + 1 }).length, 2, 'not beyond it')
})

t.test('intervals count their bytes', async (t) => {
  t.equal(byteCount(intervals([])), 0)
  t.equal(
    byteCount(
      intervals([
        [2, 5],
        [7, 8],
      ]),
    ),
    4,
  )
})

t.test('gaps are the bytes that no interval covers', async (t) => {
  t.strictSame(gaps([], 0), [], 'of nothing')
  const cases: { name: string; taken: Span[]; want: Span[] }[] = [
    { name: 'all', taken: [], want: [[0, 10]] },
    { name: 'nothing', taken: [[0, 10]], want: [] },
    {
      name: 'before, between and behind',
      taken: [
        [2, 4],
        [6, 8],
      ],
      want: [
        [0, 2],
        [4, 6],
        [8, 10],
      ],
    },
    {
      name: 'in any order',
      taken: [
        [6, 8],
        [0, 2],
        [3, 4],
      ],
      want: [
        [2, 3],
        [4, 6],
        [8, 10],
      ],
    },
    {
      name: 'one inside another',
      taken: [
        [0, 8],
        [2, 4],
      ],
      want: [[8, 10]],
    },
    { name: 'the end taken', taken: [[4, 10]], want: [[0, 4]] },
    {
      name: 'more taken than there is',
      taken: [
        [4, 20],
        [30, 40],
      ],
      want: [[0, 4]],
    },
    {
      name: 'all, and something behind the end',
      taken: [
        [0, 10],
        [12, 14],
      ],
      want: [],
    },
    { name: 'something far behind the end', taken: [[30, 40]], want: [[0, 10]] },
  ]
  for (const { name, taken, want } of cases) t.strictSame(spans(gaps(intervals(taken), 10)), want, name)
})

t.test(
  'the uncovered parts of an interval are those inside of it that no other interval covers',
  async (t) => {
    const taken = intervals([
      [0, 4],
      [6, 7],
      [9, 20],
    ])
    t.strictSame(spans(uncovered({ start: 2, end: 12 }, taken)), [
      [4, 6],
      [7, 9],
    ])
    t.strictSame(spans(uncovered({ start: 2, end: 3 }, taken)), [], 'all of it is covered')
    t.strictSame(spans(uncovered({ start: 0, end: 3 }, [])), [[0, 3]], 'nothing is covered')
  },
)

t.test('intervals are cut into pieces from their beginning', async (t) => {
  const cut = cutInto(
    intervals([
      [1, 6],
      [8, 10],
    ]),
    2,
  )
  t.strictSame(spans(cut), [
    [1, 3],
    [3, 5],
    [5, 6],
    [8, 10],
  ])
  t.strictSame(cutInto([], 2), [])
})
