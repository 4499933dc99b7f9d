// What a connection does after a failure, beside another one that is receiving and alone.
import t from 'tap'
import { DownloadError } from '#client/errors.js'
import type { Failure } from '#client/schedule/attempt-failure.js'
import { ConnectionAttempts, type Situation } from '#client/schedule/connection-attempts.js'

const failure = (fields: Partial<Failure> = {}): Failure => ({
  reason: 'x',
  error: new DownloadError('ERR_DOWNLOAD_NETWORK', 'x'),
  isRefusal: false,
  prospect: 'passing',
  retryAfterMs: null,
  isExpiredRedirect: false,
  ...fields,
})
const ALONE: Situation = { keptBytes: 0, isOtherReceiving: false, isConfirmed: true }
const BESIDE: Situation = { ...ALONE, isOtherReceiving: true }
const POLICY = { retries: 2, maxDelay: 1000 }
const again = (attempt: number): object => ({ kind: 'again', attempt })
const PROGRESS_BYTES = 64 * 1024

t.test('beside another connection, a failure that would come again makes it withdraw', async (t) => {
  for (const fields of [
    { prospect: 'lasting' },
    { prospect: 'final' },
    { isRefusal: true },
    { retryAfterMs: 1001 },
  ] as const)
    t.strictSame(new ConnectionAttempts(POLICY, 0).fail(failure(fields), BESIDE), { kind: 'withdraw' })
  t.strictSame(new ConnectionAttempts(POLICY, 0).fail(failure({ retryAfterMs: 1000 }), BESIDE), again(1))
})

t.test('the bytes of another connection do not reset the count of its failures', async (t) => {
  const attempts = new ConnectionAttempts(POLICY, 0)
  for (const attempt of [1, 2])
    t.strictSame(attempts.fail(failure(), { ...BESIDE, keptBytes: attempt * PROGRESS_BYTES }), again(attempt))
  t.strictSame(attempts.fail(failure(), { ...BESIDE, keptBytes: 3 * PROGRESS_BYTES }), { kind: 'withdraw' })
  attempts.addBytes(PROGRESS_BYTES)
  t.strictSame(
    attempts.fail(failure(), { ...BESIDE, keptBytes: 4 * PROGRESS_BYTES }),
    again(1),
    'its own bytes do',
  )
})

t.test('alone, a failure ends the download only if the same request would fail again', async (t) => {
  const next = (fields: Partial<Failure>, situation: Partial<Situation>): unknown =>
    new ConnectionAttempts(POLICY, 0).fail(failure(fields), { ...ALONE, ...situation })
  t.strictSame(next({ prospect: 'final' }, {}), { kind: 'end' })
  t.strictSame(next({ prospect: 'lasting' }, { isConfirmed: false }), { kind: 'end' })
  t.strictSame(next({ prospect: 'lasting' }, {}), again(1))
  t.strictSame(next({ isRefusal: true, retryAfterMs: 2000 }, {}), again(1))
  const attempts = new ConnectionAttempts(POLICY, 0)
  t.strictSame(attempts.fail(failure(), ALONE), again(1))
  t.strictSame(attempts.fail(failure(), ALONE), again(2))
  t.strictSame(
    attempts.fail(failure(), { ...ALONE, keptBytes: PROGRESS_BYTES }),
    again(1),
    'all bytes are progress',
  )
})

t.test('an expired redirect is tried again at once, but only once before an answer comes', async (t) => {
  const attempts = new ConnectionAttempts(POLICY, 0)
  const stale = failure({ isExpiredRedirect: true })
  t.strictSame(attempts.fail(stale, ALONE), again(0))
  t.strictSame(attempts.fail(stale, ALONE), again(1))
  t.equal(attempts.isTooLittle({ position: 10, end: 10, abortReason: null }, ALONE), false)
  t.strictSame(attempts.fail(stale, ALONE), again(0), 'after an answer again')
})

t.test('beside another connection, small answers are counted by its own bytes alone', async (t) => {
  const small = { position: 1, end: 10, abortReason: null }
  for (const situation of [BESIDE, ALONE]) {
    const attempts = new ConnectionAttempts(POLICY, 0)
    for (let i = 1; i < 32; i++) {
      attempts.addBytes(1)
      t.equal(
        attempts.isTooLittle(small, { ...situation, keptBytes: i * PROGRESS_BYTES }),
        false,
        `answer ${i}`,
      )
    }
    t.equal(
      attempts.isTooLittle(small, { ...situation, keptBytes: 32 * PROGRESS_BYTES }),
      situation.isOtherReceiving,
    )
  }
})
