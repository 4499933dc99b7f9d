// The waits before new attempts, and the errors that end them.
import t from 'tap'
import { DownloadError } from '#client/errors.js'
import type { Failure } from '#client/schedule/attempt-failure.js'
import { RetryWaits } from '#client/schedule/retry-waits.js'

const failure = (fields: Partial<Failure> = {}): Failure => ({
  reason: 'the server answered 503 Service Unavailable',
  error: new DownloadError('ERR_DOWNLOAD_HTTP', 'the server answered 503 Service Unavailable', {
    statusCode: 503,
  }),
  isRefusal: false,
  prospect: 'passing',
  retryAfterMs: null,
  isExpiredRedirect: false,
  ...fields,
})

function makeWaits(policy = { retries: 2, delay: 1, maxDelay: 10_000 }) {
  const over = new AbortController()
  let changes = 0
  const waits = new RetryWaits(policy, over.signal, () => changes++)
  return { waits, over, changes: () => changes }
}

t.test('a wait is shown while it lasts, with its reason', async (t) => {
  const { waits, changes } = makeWaits()
  t.equal(waits.next, null)
  const waited = waits.wait(1, failure())
  t.match(waits.next, { reason: 'the server answered 503 Service Unavailable', attempt: 2, attempts: 3 })
  t.equal(changes(), 1)
  await waited
  t.equal(waits.next, null)
  t.equal(changes(), 2)
})

t.test('the wait that is shown is the one that ends first', async (t) => {
  const { waits, over } = makeWaits()
  const all = [
    waits.wait(1, failure({ retryAfterMs: 9000, reason: 'long' })),
    waits.wait(1, failure({ retryAfterMs: 5000, reason: 'short' })),
  ]
  t.equal(waits.next?.reason, 'short')
  over.abort()
  await Promise.all(all)
})

t.test('the end of the download ends every wait', async (t) => {
  const { waits, over } = makeWaits()
  const slept = waits.sleep(60_000)
  over.abort()
  await slept
  t.pass('it has ended')
})

t.test('after the last attempt the failure is thrown, with the number of attempts', async (t) => {
  const { waits } = makeWaits()
  await t.rejects(waits.wait(3, failure()), {
    code: 'ERR_DOWNLOAD_HTTP',
    statusCode: 503,
    message: 'gave up after 3 attempts: the server answered 503 Service Unavailable',
  })
  const none = makeWaits({ retries: 0, delay: 1, maxDelay: 10 })
  await t.rejects(none.waits.wait(1, failure()), { message: /^the server answered 503 Service Unavailable$/ })
})

t.test('a longer Retry-After than allowed is thrown, with the time in words', async (t) => {
  for (const [retryAfterMs, words] of [
    [10_001, '11 s'],
    [120_000, '2 min'],
    [86_400_000, '1 d'],
    [172_800_000, '2 d'],
    [1e18, 'more than 1000 years'],
  ] as const) {
    const { waits } = makeWaits()
    await t.rejects(waits.wait(1, failure({ retryAfterMs })), {
      code: 'ERR_DOWNLOAD_HTTP',
      message: `the server answered 503 Service Unavailable and asks to wait for ${words}; --max-retry-delay (maxRetryDelay) allows a longer wait`,
    })
  }
})

t.test(
  'a wait that is longer than a timer can be, or that is over already, is no warning of Node.js',
  async (t) => {
    const { waits, over } = makeWaits()
    const warnings: string[] = []
    const warn = ({ name }: Error): void => void warnings.push(name)
    process.on('warning', warn)
    t.teardown(() => process.off('warning', warn))
    await waits.sleep(-1)
    let isOver = false
    const slept = waits.sleep(2 ** 31).then(() => {
      isOver = true
    })
    await waits.sleep(10)
    t.equal(isOver, false)
    t.strictSame(warnings, [])
    over.abort()
    await slept
  },
)
