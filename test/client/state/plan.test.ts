// What is there, what is missing, what to ask for next: as values.
import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  addBlock,
  BLOCK_LIMIT,
  type Block,
  gaps,
  LARGEST_SEGMENT,
  largestRest,
  nextSegment,
  type SegmentPolicy,
  SMALLEST_SEGMENT,
  size,
} from '#client/state/plan.js'

const MIB = 1024 * 1024
const UNLIMITED = Number.MAX_SAFE_INTEGER
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
  const far = { crc: 0, start: 2 * BLOCK_LIMIT, end: 2 * BLOCK_LIMIT + 1 }
  t.equal(addBlock([far], { ...far, start: far.end, end: far.end + 1 }).length, 1, 'far behind the start')
  const half = { crc: 0, start: 0, end: BLOCK_LIMIT / 2 }
  const rest = { crc: 0, start: half.end, end: BLOCK_LIMIT }
  t.equal(BLOCK_LIMIT, 64 * MIB)
  t.strictSame(spans(addBlock([half], rest)), [[0, BLOCK_LIMIT]], 'up to the limit')
  t.equal(addBlock([half], { ...rest, end: rest.end + 1 }).length, 2, 'not beyond it')
})

t.test('how much there is', async (t) => {
  t.equal(size(intervals([])), 0)
  t.equal(
    size(
      intervals([
        [2, 5],
        [7, 8],
      ]),
    ),
    4,
  )
})

t.test('what is missing', async (t) => {
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

t.test('the length of a segment', async (t) => {
  const chosen: SegmentPolicy = { segmentSize: null, connections: 4, share: 16 * MIB, limit: UNLIMITED }
  const cases: { name: string; free: Span; policy: Partial<SegmentPolicy>; want: Span }[] = [
    { name: 'as it is given', free: [10, 100], policy: { segmentSize: 4 }, want: [10, 14] },
    { name: 'no longer than the gap', free: [10, 12], policy: { segmentSize: 4 }, want: [10, 12] },
    {
      name: 'all of it for one connection',
      free: [0, 900 * MIB],
      policy: { connections: 1 },
      want: [0, 900 * MIB],
    },
    {
      name: 'one connection within the limit',
      free: [0, 900],
      policy: { connections: 1, limit: 7 },
      want: [0, 7],
    },
    { name: 'a share', free: [0, 64 * MIB], policy: {}, want: [0, 16 * MIB] },
    { name: 'a share of two', free: [0, 64 * MIB], policy: { connections: 2 }, want: [0, 16 * MIB] },
    { name: 'not too small', free: [0, 8 * MIB], policy: { share: 1 }, want: [0, SMALLEST_SEGMENT] },
    {
      name: 'not too large',
      free: [5, 2900 * MIB],
      policy: { share: 1500 * MIB },
      want: [5, 5 + LARGEST_SEGMENT],
    },
    { name: 'within the limit', free: [0, 900 * MIB], policy: { limit: 9 }, want: [0, 9] },
  ]
  for (const { name, free, policy, want } of cases) {
    const segment = nextSegment(intervals([free, [3000 * MIB, 3001 * MIB]]), { ...chosen, ...policy })
    t.strictSame(segment && spans([segment]), [want], name)
  }
  t.equal(nextSegment([], chosen), null, 'nothing is free')
  t.equal(SMALLEST_SEGMENT, 4 * MIB)
  t.equal(LARGEST_SEGMENT, 1024 * MIB)
})

t.test('where the largest rest is cut', async (t) => {
  const lease = (position: number, end: number) => ({ start: 0, position, end })
  const small = lease(5 * MIB, 7 * MIB)
  const large = lease(2 * MIB, 5 * MIB + 1)
  t.strictSame(largestRest([small, large]), { lease: large, at: 3.5 * MIB + 1 }, 'in the middle, rounded up')
  t.equal(largestRest([large, small])?.lease, large, 'in any order')
  t.equal(largestRest([small, lease(6 * MIB, 8 * MIB)])?.lease, small, 'the first of equals')
  t.equal(largestRest([lease(0, MIB)])?.at, MIB / 2, 'a rest of 1 MiB is worth it')
  t.equal(largestRest([lease(7 * MIB, 8 * MIB - 1)]), null, 'a smaller one is not')
  t.equal(largestRest([lease(0, Number.POSITIVE_INFINITY)]), null, 'an end that is not known')
  t.equal(largestRest([]), null, 'nothing is lent')
})
