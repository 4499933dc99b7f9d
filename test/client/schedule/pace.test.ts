// How fast bytes may come, and what happens if they come too fast or too slowly.
import t from 'tap'
import type { Store } from '#client/disk/store.js'
import { Pace, type PaceSettings } from '#client/schedule/pace.js'
import { PauseGate } from '#client/schedule/pause-gate.js'
import { RetryWaits } from '#client/schedule/retry-waits.js'
import { Schedule } from '#client/schedule/schedule.js'

const SETTINGS: PaceSettings = {
  connections: 2,
  limitRate: null,
  minRate: null,
  stallTimeout: 1,
  retries: 0,
}

function makePace(settings: Partial<PaceSettings> = {}, mode: 'ranges' | 'whole' = 'ranges') {
  const store = { blocks: [], received: 0, joinable: null, backlog: null } as unknown as Store
  const schedule = new Schedule(store, { connections: 2, segmentSize: 1000 }, mode)
  const { signal } = new AbortController()
  const gate = new PauseGate(signal, () => undefined)
  const waits = new RetryWaits({ retries: 0, delay: 0, maxDelay: 0 }, signal, () => undefined)
  const pace = new Pace({
    rateLimit: null,
    isQueued: () => false,
    settings: { ...SETTINGS, ...settings },
    store,
    schedule,
    gate,
    waits,
  })
  return { pace, gate, schedule }
}

/** Is `promise` still pending after all that is due now? */
async function isPending(promise: Promise<void> | null): Promise<boolean> {
  const turn = new Promise<'pending'>((resolve) => setImmediate(resolve, 'pending'))
  return (await Promise.race([promise, turn])) === 'pending'
}

t.test('without a limit no connection waits', async (t) => {
  const { pace } = makePace()
  t.equal(pace.isLimited, false)
  t.equal(pace.afterBytes(1e9), null)
})

t.test('with limitRate a connection waits for as long as its bytes may take', async (t) => {
  const { pace } = makePace({ limitRate: 100_000 })
  t.equal(pace.isLimited, true)
  const start = performance.now()
  await pace.afterBytes(10_000)
  const time = performance.now() - start
  t.ok(time > 90, `${time} ms for 100 ms`)
})

t.test('in a pause a single stream waits, and a range does not', async (t) => {
  const whole = makePace({}, 'whole')
  whole.gate.close()
  const wait = whole.pace.afterBytes(1)
  t.equal(await isPending(wait), true)
  whole.gate.open()
  await wait
  const ranges = makePace()
  ranges.gate.close()
  t.equal(ranges.pace.afterBytes(1), null)
  ranges.gate.open()
})

t.test('below minRate all connections are aborted, and the last time is an error', async (t) => {
  const { pace, schedule } = makePace({ minRate: 1_000_000 })
  const assignment = schedule.assignNext()
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(pace.afterBytes(1), null)
  t.match(pace.check(), { code: 'ERR_DOWNLOAD_NETWORK', message: /per second/ })
  t.equal(assignment?.abortReason, 'below-min-rate')
})

t.test('the time of a pause does not count for minRate', async (t) => {
  const { pace, schedule, gate } = makePace({ minRate: 1_000_000 })
  const assignment = schedule.assignNext()
  gate.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(pace.check(), null)
  t.equal(assignment?.abortReason, null)
  gate.open()
})

t.test('while the reader of an output is behind, no connection is too slow', async (t) => {
  const store = { blocks: [], received: 0, joinable: null, window: null, backlog: Promise.resolve() }
  const schedule = new Schedule(store, { connections: 2, segmentSize: 1000 }, 'ranges')
  const { signal } = new AbortController()
  const gate = new PauseGate(signal, () => undefined)
  const waits = new RetryWaits({ retries: 0, delay: 0, maxDelay: 0 }, signal, () => undefined)
  const pace = new Pace({
    rateLimit: null,
    isQueued: () => false,
    settings: { ...SETTINGS, minRate: 1_000_000 },
    store,
    schedule,
    gate,
    waits,
  })
  const assignment = schedule.assignNext()
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(pace.check(), null)
  t.equal(assignment?.abortReason, null)
})
