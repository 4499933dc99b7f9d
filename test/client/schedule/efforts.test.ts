// What a connection does after a failure: beside another one that receives, and alone.
import t from 'tap'
import { DownloadError } from '#client/errors.js'
import type { Failure } from '#client/schedule/attempt-failure.js'
import { Efforts, type Situation } from '#client/schedule/efforts.js'

const failure = (fields: Partial<Failure> = {}): Failure => ({
  reason: 'x',
  error: new DownloadError('ERR_DOWNLOAD_NETWORK', 'x'),
  isRefusal: false,
  prospect: 'passing',
  wait: null,
  isStale: false,
  ...fields,
})
const ALONE: Situation = { useful: 0, isBeside: false, isConfirmed: true }
const BESIDE: Situation = { ...ALONE, isBeside: true }
const POLICY = { retries: 2, maxDelay: 1000 }
const again = (attempt: number): object => ({ kind: 'again', attempt })
const MUCH = 64 * 1024

t.test('beside another one, it withdraws from what would come again', async (t) => {
  for (const fields of [
    { prospect: 'lasting' },
    { prospect: 'final' },
    { isRefusal: true },
    { wait: 1001 },
  ] as const)
    t.strictSame(new Efforts(POLICY, 0).fail(failure(fields), BESIDE), { kind: 'withdraw' })
  t.strictSame(new Efforts(POLICY, 0).fail(failure({ wait: 1000 }), BESIDE), again(1))
})

t.test('beside another one, what that brings does not start the count again', async (t) => {
  const efforts = new Efforts(POLICY, 0)
  for (const attempt of [1, 2])
    t.strictSame(efforts.fail(failure(), { ...BESIDE, useful: attempt * MUCH }), again(attempt))
  t.strictSame(efforts.fail(failure(), { ...BESIDE, useful: 3 * MUCH }), { kind: 'withdraw' })
  efforts.count(MUCH)
  t.strictSame(efforts.fail(failure(), { ...BESIDE, useful: 4 * MUCH }), again(1), 'what it brings does')
})

t.test('alone, it ends only where nothing else can come', async (t) => {
  const next = (fields: Partial<Failure>, situation: Partial<Situation>): unknown =>
    new Efforts(POLICY, 0).fail(failure(fields), { ...ALONE, ...situation })
  t.strictSame(next({ prospect: 'final' }, {}), { kind: 'end' })
  t.strictSame(next({ prospect: 'lasting' }, { isConfirmed: false }), { kind: 'end' })
  t.strictSame(next({ prospect: 'lasting' }, {}), again(1))
  t.strictSame(next({ isRefusal: true, wait: 2000 }, {}), again(1))
  const efforts = new Efforts(POLICY, 0)
  t.strictSame(efforts.fail(failure(), ALONE), again(1))
  t.strictSame(efforts.fail(failure(), ALONE), again(2))
  t.strictSame(efforts.fail(failure(), { ...ALONE, useful: MUCH }), again(1), 'all progress counts')
})

t.test('a way that was remembered and is stale counts once', async (t) => {
  const efforts = new Efforts(POLICY, 0)
  const stale = failure({ isStale: true })
  t.strictSame(efforts.fail(stale, ALONE), again(0))
  t.strictSame(efforts.fail(stale, ALONE), again(1))
  const { signal } = new AbortController()
  const attempted = { position: 10, end: 10, controller: { signal } as AbortController }
  t.equal(efforts.isTooLittle(attempted, ALONE), false)
  t.strictSame(efforts.fail(stale, ALONE), again(0), 'after an answer again')
})

t.test('small answers are counted by what the connection itself brings, beside another one', async (t) => {
  const { signal } = new AbortController()
  const scanty = { position: 1, end: 10, controller: { signal } as AbortController }
  for (const situation of [BESIDE, ALONE]) {
    const efforts = new Efforts(POLICY, 0)
    for (let i = 1; i < 32; i++) {
      efforts.count(1)
      t.equal(efforts.isTooLittle(scanty, { ...situation, useful: i * MUCH }), false, `answer ${i}`)
    }
    t.equal(efforts.isTooLittle(scanty, { ...situation, useful: 32 * MUCH }), situation.isBeside)
  }
})
