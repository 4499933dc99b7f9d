// The minimum rate: over which time it is measured, and what follows if the rate is too low.
import t from 'tap'
import { MinRate } from '#client/rules/min-rate.js'

const POLICY = { stallTimeout: 3000, retries: 1 }

t.test('times in which connections do not work are not counted', async (t) => {
  const watch = new MinRate(100, POLICY, 0)
  t.equal(watch.check('working', 1000), null)
  t.equal(watch.check('working', 2000), null)
  t.equal(watch.check('idle', 100_000), null)
  watch.count(299)
  t.equal(watch.check('working', 101_000)?.kind, 'again')
})

t.test('the exact rate is enough, and a byte less is not', async (t) => {
  for (const [bytes, kind] of [
    [299_999, 'again'],
    [300_000, undefined],
    [300_001, undefined],
  ] as const) {
    const watch = new MinRate(100_000, POLICY, 0)
    watch.count(bytes - 1)
    watch.count(1)
    t.equal(watch.check('working', 2999), null, 'too early to say')
    t.equal(watch.check('working', 3000)?.kind, kind, `${bytes} bytes in 3 s`)
  }
})

t.test('each measurement starts at 0', async (t) => {
  const watch = new MinRate(100, POLICY, 0)
  watch.count(10_000)
  t.equal(watch.check('working', 3000), null)
  t.equal(watch.check('working', 5999), null, 'too early to say')
  t.equal(watch.check('working', 6000)?.kind, 'again', 'what came before does not count')
})

t.test('too many slow measurements in a row give up, and a fast one resets the count', async (t) => {
  const watch = new MinRate(100, POLICY, 0)
  t.equal(watch.check('working', 3000)?.kind, 'again')
  watch.count(300)
  t.equal(watch.check('working', 6000), null)
  t.equal(watch.check('working', 9000)?.kind, 'again')
  watch.count(299)
  t.match(watch.check('working', 12_000), {
    kind: 'give-up',
    error: {
      code: 'ERR_DOWNLOAD_NETWORK',
      message: 'gave up after 2 attempts: the rate was 99 bytes per second, less than the minimum of 100',
    },
  })
})

t.test('without retries the first slow measurement gives up', async (t) => {
  const watch = new MinRate(100, { stallTimeout: 1000, retries: 0 }, 0)
  t.match(watch.check('working', 1000), {
    kind: 'give-up',
    error: { message: /^the rate was 0 bytes per second, less than the minimum of 100$/ },
  })
})
