// Which connection fetches which bytes, without a network and without a disk.
import t from 'tap'
import type { Validators } from '#client/rules/validators.js'
import type { Assignment } from '#client/schedule/assignment.js'
import { Schedule, type StoredBytes } from '#client/schedule/schedule.js'
import type { Block } from '#client/state/blocks.js'

const MIB = 1024 * 1024
const TOTAL = 100 * MIB
const VALIDATORS: Validators = {
  total: TOTAL,
  etag: '"x"',
  lastModified: null,
  dateIsStrong: false,
  digests: {},
}
const POLICY = { connections: 4, segmentSize: 10 * MIB }

function stored(blocks: readonly Block[] = [], joinable: Validators | null = VALIDATORS): StoredBytes {
  const received = blocks.reduce((sum, { start, end }) => sum + end - start, 0)
  return { blocks, joinable, received, window: null }
}

/** A schedule after the first answer has confirmed the version. */
function confirmed(store = stored(), policy: { connections: number; segmentSize: number | null } = POLICY) {
  const schedule = new Schedule(store, policy, 'ranges')
  schedule.confirmVersion()
  return schedule
}

/** What a further connection fetches. There must be something. */
function assign(schedule: Schedule): Assignment {
  const assignment = schedule.assignNext()
  if (assignment === null) throw new Error('there is nothing to fetch')
  return assignment
}

const interval = (assignment: Assignment | null): unknown =>
  assignment === null ? null : [assignment.kind, assignment.start, assignment.end]

t.test('a first request asks for a segment, and no other connection gets one', async (t) => {
  const schedule = new Schedule(stored([], null), POLICY, 'ranges')
  t.strictSame(interval(schedule.assignNext()), ['segment', 0, 10 * MIB])
  t.equal(schedule.assignNext(), null)
})

t.test('connections get consecutive segments of what is missing', async (t) => {
  const schedule = confirmed(stored([{ start: 5 * MIB, end: 40 * MIB, crc: 0 }]))
  t.strictSame(interval(schedule.assignNext()), ['segment', 0, 5 * MIB])
  t.strictSame(interval(schedule.assignNext()), ['segment', 40 * MIB, 50 * MIB])
})

t.test('connections that join the first stream get an equal share each', async (t) => {
  const schedule = new Schedule(stored(), { connections: 4, segmentSize: null }, 'ranges')
  const first = assign(schedule)
  t.strictSame(interval(first), ['segment', 0, TOTAL], 'the first request asks for all')
  schedule.partAnswered(first, TOTAL)
  schedule.confirmVersion()
  first.advance(MIB)
  const joined = [assign(schedule), assign(schedule), assign(schedule)]
  t.strictSame(joined.map(interval), [
    ['segment', 75 * MIB, 100 * MIB],
    ['segment', 50 * MIB, 75 * MIB],
    ['segment', 25.5 * MIB, 50 * MIB],
  ])
  for (const each of joined) t.equal(schedule.partAnswered(each, each.end), true)
  t.equal(first.end, 25.5 * MIB)
})

t.test('a complete file of an earlier run is probed before it counts as complete', async (t) => {
  const schedule = new Schedule(stored([{ start: 0, end: TOTAL, crc: 0 }]), POLICY, 'ranges')
  t.equal(schedule.isComplete, false)
  t.strictSame(interval(schedule.assignNext()), ['probe', TOTAL - 1, TOTAL])
  schedule.confirmVersion()
  t.equal(schedule.isComplete, true)
  t.equal(schedule.assignNext(), null)
})

/** A store of an output that has got everything before `start`, and has room for `size` more. */
function windowed(start: number, size: number, joinable: Validators | null = VALIDATORS): StoredBytes {
  const window = { start, end: start + size, size, moved: null }
  return { ...stored(start === 0 ? [] : [{ start: 0, end: start, crc: 0 }], joinable), window }
}

t.test('for an output, connections get segments within the window only', async (t) => {
  const schedule = confirmed(windowed(10 * MIB, 16 * MIB), { connections: 4, segmentSize: null })
  const starts = [10, 12, 14, 16, 18, 20, 22, 24].map((start) => ['segment', start * MIB, (start + 2) * MIB])
  for (const want of starts) t.strictSame(interval(schedule.assignNext()), want)
  t.equal(schedule.assignNext(), null, 'the window is full')
})

t.test('for an output, one connection asks for all', async (t) => {
  const schedule = confirmed(windowed(10 * MIB, 16 * MIB), { connections: 1, segmentSize: null })
  t.strictSame(interval(schedule.assignNext()), ['segment', 10 * MIB, TOTAL])
})

t.test('for an output, a part of the first stream is taken within the window', async (t) => {
  const store = windowed(0, 16 * MIB, null)
  const schedule = new Schedule(store, { connections: 4, segmentSize: null }, 'ranges')
  const first = assign(schedule)
  t.strictSame(interval(first), ['segment', 0, Number.POSITIVE_INFINITY])
  Object.assign(store, { joinable: VALIDATORS })
  schedule.learnTotal(TOTAL)
  schedule.confirmVersion()
  schedule.partAnswered(first, TOTAL)
  first.advance(2)
  const second = assign(schedule)
  t.strictSame(interval(second), ['segment', 8 * MIB + 1, 10 * MIB + 1])
  schedule.partAnswered(second, second.end)
  t.equal(first.end, second.start)
  t.strictSame(interval(assign(schedule)), ['segment', 10 * MIB + 1, 12 * MIB + 1], 'what nobody has')
})

t.test('an output whose bytes are all there is not probed', async (t) => {
  const schedule = new Schedule(windowed(TOTAL, 16 * MIB), POLICY, 'ranges')
  t.equal(schedule.assignNext(), null)
})

t.test('in whole mode there is one stream', async (t) => {
  const schedule = confirmed()
  schedule.switchToWhole()
  t.strictSame(interval(schedule.assignNext()), ['whole', 0, Number.POSITIVE_INFINITY])
  t.equal(schedule.assignNext(), null)
})

t.test('an answer takes its bytes from the connection that was fetching them', async (t) => {
  const schedule = confirmed(stored(), { connections: 2, segmentSize: TOTAL })
  const first = assign(schedule)
  t.equal(schedule.partAnswered(first, TOTAL), true)
  first.advance(MIB)
  const second = assign(schedule)
  t.equal(first.end, TOTAL, 'not before the answer')
  t.equal(schedule.partAnswered(second, TOTAL), true)
  t.equal(first.end, second.start)
  t.equal(first.end + second.end - second.start, TOTAL)
})

t.test('an answer that comes too late takes nothing', async (t) => {
  const schedule = confirmed(stored(), { connections: 2, segmentSize: TOTAL })
  const first = assign(schedule)
  schedule.partAnswered(first, TOTAL)
  first.advance(MIB)
  const second = assign(schedule)
  first.advance(80 * MIB)
  t.equal(schedule.partAnswered(second, TOTAL), false)
  t.equal(first.end, TOTAL)
})

t.test('an answer that comes after the other connection has ended takes nothing either', async (t) => {
  const blocks: Block[] = []
  const schedule = confirmed({ ...stored(), blocks }, { connections: 3, segmentSize: TOTAL })
  const first = assign(schedule)
  schedule.partAnswered(first, TOTAL)
  first.advance(MIB)
  const second = assign(schedule)
  const third = assign(schedule)
  t.equal(schedule.partAnswered(second, TOTAL), true)
  first.advance(second.start - MIB)
  blocks.push({ start: 0, end: second.start, crc: 0 })
  schedule.release(first)
  t.equal(schedule.partAnswered(third, second.start), false)
})

t.test('the next segment can be shorter than the others, to see what the answer is like', async (t) => {
  const sampled = confirmed(stored(), { connections: 3, segmentSize: null })
  sampled.sampleNext(MIB)
  t.strictSame(
    [1, 2].map(() => interval(assign(sampled))),
    [
      ['segment', 0, MIB],
      ['segment', MIB, MIB + Math.ceil(TOTAL / 3)],
    ],
  )
  const half = confirmed(stored(), { connections: 2, segmentSize: null })
  const [first] = [assign(half), assign(half)]
  half.partAnswered(first, TOTAL)
  half.sampleNext(MIB)
  const [, start, end] = interval(assign(half)) as [string, number, number]
  t.equal(end - start, MIB, 'also the second half of another one')
  const chosen = confirmed()
  chosen.sampleNext(MIB)
  t.strictSame(interval(assign(chosen)), ['segment', 0, 10 * MIB], 'unless the caller has chosen the size')
})

t.test('the bytes of a failed connection go back to the body that continues into them', async (t) => {
  for (const [isAborted, end] of [
    [false, TOTAL],
    [true, 50 * MIB],
  ] as const) {
    const schedule = confirmed(stored(), { connections: 2, segmentSize: TOTAL })
    const first = assign(schedule)
    schedule.partAnswered(first, TOTAL)
    first.advance(1)
    const second = assign(schedule)
    schedule.partAnswered(second, TOTAL)
    if (isAborted) second.abort('straggler')
    schedule.release(second)
    t.equal(Math.round(first.end / MIB), end / MIB, isAborted ? 'not after an abort' : 'after a failure')
  }
})

t.test('the kept bytes are those of released and of active assignments', async (t) => {
  const schedule = confirmed()
  const [first, second] = [assign(schedule), assign(schedule)]
  first.advance(10)
  second.advance(20)
  t.equal(schedule.keptBytes, 30)
  schedule.release(first)
  second.dropReceived()
  t.equal(schedule.keptBytes, 10)
})

t.test('a pause aborts the ranges with many missing bytes, and no single stream', async (t) => {
  const schedule = confirmed()
  const [long, short] = [assign(schedule), assign(schedule)]
  short.advance(10 * MIB - 100)
  schedule.abortForPause(1000)
  t.strictSame([long.abortReason, short.abortReason], ['paused', null])
  const whole = new Schedule(stored(), POLICY, 'whole')
  const stream = assign(whole)
  whole.abortForPause(0)
  t.equal(stream.abortReason, null)
})

t.test('a dropped connection is one without an answer, and is not replaced', async (t) => {
  const schedule = confirmed()
  const [answered, waiting] = [assign(schedule), assign(schedule)]
  schedule.partAnswered(answered, answered.end)
  t.equal(schedule.dropConnection(), true)
  t.strictSame([answered.abortReason, waiting.abortReason], [null, 'shortage'])
  t.equal(schedule.maxConnections, 1)
  t.equal(schedule.isLimited, true)
  t.equal(schedule.dropConnection(), false, 'the last one is not dropped')
})

t.test('a single stream begins after all others have ended', async (t) => {
  const schedule = confirmed()
  const [stream, other] = [assign(schedule), assign(schedule)]
  let isAlone = false
  const alone = schedule.becomeSingleStream(stream).then(() => {
    isAlone = true
  })
  await Promise.resolve()
  t.strictSame([stream.abortReason, other.abortReason, isAlone], [null, 'single-stream', false])
  schedule.release(other)
  await alone
  t.strictSame([schedule.mode, isAlone], ['whole', true])
})

t.test('limitSegments says whether larger segments were allowed before', async (t) => {
  const schedule = confirmed(stored(), { connections: 1, segmentSize: null })
  t.equal(schedule.limitSegments(8 * MIB), true)
  t.equal(schedule.limitSegments(8 * MIB), false)
  t.strictSame(interval(schedule.assignNext()), ['segment', 0, 8 * MIB])
})

t.test('a segment of a size that was chosen fits into the window after limitSegments', async (t) => {
  const window = { start: 0, end: 16 * MIB, size: 16 * MIB, moved: null }
  const schedule = confirmed({ ...stored(), window }, { connections: 1, segmentSize: 20 * MIB })
  schedule.limitSegments(8 * MIB)
  t.strictSame(interval(schedule.assignNext()), ['segment', 0, 8 * MIB])
})
