import t from 'tap'
import {
  largestRemainder,
  MAX_DIGESTED_BYTES,
  MAX_SEGMENT_BYTES,
  MIN_SEGMENT_BYTES,
  nextSegment,
  type SegmentPolicy,
} from '#client/state/segments.js'

const MIB = 1024 * 1024
const UNLIMITED = Number.MAX_SAFE_INTEGER

type Span = [start: number, end: number]
const spans = (intervals: readonly { start: number; end: number }[]): Span[] =>
  intervals.map(({ start, end }) => [start, end])
const intervals = (all: readonly Span[]) => all.map(([start, end]) => ({ start, end }))

t.test('a segment has the length that is asked for, or a fair share within the limits', async (t) => {
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
    { name: 'not too small', free: [0, 8 * MIB], policy: { share: 1 }, want: [0, MIN_SEGMENT_BYTES] },
    {
      name: 'not too large',
      free: [5, 2900 * MIB],
      policy: { share: 1500 * MIB },
      want: [5, 5 + MAX_SEGMENT_BYTES],
    },
    { name: 'within the limit', free: [0, 900 * MIB], policy: { limit: 9 }, want: [0, 9] },
  ]
  for (const { name, free, policy, want } of cases) {
    const segment = nextSegment(intervals([free, [3000 * MIB, 3001 * MIB]]), { ...chosen, ...policy })
    t.strictSame(segment && spans([segment]), [want], name)
  }
  t.equal(nextSegment([], chosen), null, 'nothing is free')
  t.equal(MIN_SEGMENT_BYTES, 4 * MIB)
  t.equal(MAX_SEGMENT_BYTES, 1024 * MIB)
  t.equal(MAX_DIGESTED_BYTES, 8 * MIB)
})

t.test('the largest remainder is cut in the middle, unless it is too small', async (t) => {
  const segment = (position: number, end: number) => ({ start: 0, position, end })
  const small = segment(5 * MIB, 7 * MIB)
  const large = segment(2 * MIB, 5 * MIB + 1)
  t.strictSame(
    largestRemainder([small, large]),
    { segment: large, at: 3.5 * MIB + 1 },
    'in the middle, rounded up',
  )
  t.equal(largestRemainder([large, small])?.segment, large, 'in any order')
  t.equal(largestRemainder([small, segment(6 * MIB, 8 * MIB)])?.segment, small, 'the first of equals')
  t.equal(largestRemainder([segment(0, MIB)])?.at, MIB / 2, 'a remainder of 1 MiB is worth it')
  t.equal(largestRemainder([segment(7 * MIB, 8 * MIB - 1)]), null, 'a smaller one is not')
  t.equal(largestRemainder([segment(0, Number.POSITIVE_INFINITY)]), null, 'an end that is not known')
  t.equal(largestRemainder([]), null, 'nothing is being fetched')
})

t.test('no more than a share is cut off, and no less than what is worth a connection', async (t) => {
  const open = [{ start: 0, position: 2 * MIB, end: 10 * MIB }]
  for (const [share, at] of [
    [MIB, 9 * MIB],
    [4 * MIB, 6 * MIB],
    [5 * MIB, 6 * MIB],
    [1, 9.5 * MIB],
  ] as const)
    t.equal(largestRemainder(open, share)?.at, at, `${share} bytes`)
  t.equal(largestRemainder([{ start: 0, position: 0, end: MIB }], 1)?.at, MIB / 2)
})
