// What to ask for next, as values: the lengths that are chosen where nobody names one, and where a rest is cut.
import t from 'tap'
import {
  LARGEST_SEGMENT,
  largestRest,
  nextSegment,
  type SegmentPolicy,
  SMALLEST_SEGMENT,
} from '#client/plan.js'

const MIB = 1024 * 1024
const UNLIMITED = Number.MAX_SAFE_INTEGER
const CHOSEN: SegmentPolicy = { segmentSize: null, connections: 4, idle: 4, limit: UNLIMITED }

t.test('the length of a segment', async (t) => {
  const cases: {
    name: string
    free: [number, number][]
    policy: Partial<SegmentPolicy>
    want: [number, number]
  }[] = [
    { name: 'as it is given', free: [[10, 100]], policy: { segmentSize: 4 }, want: [10, 14] },
    { name: 'no longer than the gap', free: [[10, 12]], policy: { segmentSize: 4 }, want: [10, 12] },
    {
      name: 'all of it for one connection',
      free: [[0, 900 * MIB]],
      policy: { connections: 1 },
      want: [0, 900 * MIB],
    },
    {
      name: 'one connection within the limit',
      free: [[0, 900 * MIB]],
      policy: { connections: 1, limit: 7 },
      want: [0, 7],
    },
    { name: 'a share for each idle connection', free: [[0, 64 * MIB]], policy: {}, want: [0, 16 * MIB] },
    {
      name: 'larger with fewer of them idle',
      free: [[0, 64 * MIB]],
      policy: { idle: 2 },
      want: [0, 32 * MIB],
    },
    {
      name: 'a share of all gaps together',
      free: [
        [0, 20 * MIB],
        [30 * MIB, 50 * MIB],
      ],
      policy: {},
      want: [0, 10 * MIB],
    },
    { name: 'rounded up', free: [[0, 64 * MIB + 1]], policy: {}, want: [0, 16 * MIB + 1] },
    { name: 'not too small', free: [[0, 8 * MIB]], policy: {}, want: [0, SMALLEST_SEGMENT] },
    { name: 'not too large', free: [[5, 5 + 900 * MIB]], policy: {}, want: [5, 5 + LARGEST_SEGMENT] },
    { name: 'within the limit', free: [[0, 900 * MIB]], policy: { limit: 9 }, want: [0, 9] },
  ]
  for (const { name, free, policy, want } of cases) {
    const gaps = free.map(([start, end]) => ({ start, end }))
    t.strictSame(nextSegment(gaps, { ...CHOSEN, ...policy }), { start: want[0], end: want[1] }, name)
  }
  t.equal(nextSegment([], CHOSEN), null, 'nothing is free')
  t.equal(SMALLEST_SEGMENT, 4 * MIB)
  t.equal(LARGEST_SEGMENT, 64 * MIB)
})

t.test('where the largest rest is cut', async (t) => {
  const lease = (position: number, end: number) => ({ start: 0, position, end })
  const small = lease(5 * MIB, 7 * MIB)
  const large = lease(2 * MIB, 5 * MIB + 1)
  t.strictSame(largestRest([small, large]), { lease: large, at: 3.5 * MIB + 1 }, 'in the middle, rounded up')
  t.equal(largestRest([large, small])?.lease, large, 'in any order')
  t.equal(largestRest([small, lease(6 * MIB, 8 * MIB)])?.lease, small, 'the first of equals')
  t.equal(largestRest([lease(0, MIB)])?.at, MIB / 2, 'a rest of 1 MiB is worth it')
  t.equal(largestRest([lease(0, MIB - 1)]), null, 'a smaller one is not')
  t.equal(largestRest([lease(0, Number.POSITIVE_INFINITY)]), null, 'an end that is not known')
  t.equal(largestRest([]), null, 'nothing is lent')
})
