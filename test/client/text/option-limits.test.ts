// Which numbers an option takes.
import t from 'tap'
import { contradictionOf, isWithin, limitsOf, NUMBER_LIMITS, reasonOf } from '#client/text/option-limits.js'

t.test('a whole number from the least to the most is within the limits, and nothing else', async (t) => {
  const limits = { least: 1, most: 64 }
  for (const value of [1, 2, 64]) t.equal(isWithin(value, limits), true, String(value))
  for (const value of [0, 65, -1, 1.5, Number.NaN, '4', 4n, null, undefined, {}])
    t.equal(isWithin(value, limits), false, String(value))
})

t.test('a number that is too large to be exact is never within the limits', async (t) => {
  const limits = { least: 0, most: Number.POSITIVE_INFINITY }
  t.equal(isWithin(Number.MAX_SAFE_INTEGER, limits), true)
  t.equal(isWithin(Number.MAX_SAFE_INTEGER + 1, limits), false)
  t.equal(isWithin(Number.POSITIVE_INFINITY, limits), false)
})

const DAY_MS = 86_400_000
const MOST = Number.MAX_SAFE_INTEGER

t.test('each option has its limits', async (t) => {
  const limits = Object.entries(NUMBER_LIMITS).map(([name, { least, most }]) => [name, least, most])
  t.strictSame(limits, [
    ['buffer', 64 * 1024, 4 * 1024 ** 3],
    ['connections', 1, 64],
    ['segmentSize', 1, MOST],
    ['retries', 0, 1_000_000],
    ['retryDelay', 0, DAY_MS],
    ['maxRetryDelay', 0, DAY_MS],
    ['connectTimeout', 1, DAY_MS],
    ['stallTimeout', 1, DAY_MS],
    ['maxRedirects', 0, 1000],
    ['limitRate', 1, MOST],
    ['minRate', 1, MOST - 1],
    ['delay', 0, DAY_MS],
  ])
})

t.test(
  'a minRate is below the limitRate, and a buffer on a disk may be larger than one in memory',
  async (t) => {
    const context = { limitRate: 10, bufferDirectory: '/srv' }
    t.strictSame(limitsOf('minRate', context), { least: 1, most: 9, below: 'limitRate' })
    t.strictSame(limitsOf('minRate', {}), NUMBER_LIMITS.minRate)
    t.strictSame(limitsOf('buffer', context), { least: 65_536, most: 1024 ** 4 })
    t.strictSame(limitsOf('buffer', {}), { least: 65_536, most: 4 * 1024 ** 3 })
    t.strictSame(limitsOf('delay', context), NUMBER_LIMITS.delay)
  },
)

t.test('a limit that another option sets is said with its name', async (t) => {
  t.equal(reasonOf(limitsOf('minRate', { limitRate: 10 })), ', less than limitRate')
  t.equal(reasonOf(limitsOf('minRate', {})), '')
})

t.test('a limit that leaves no value is said with both of its ends', async (t) => {
  t.equal(contradictionOf(limitsOf('minRate', { limitRate: 1 })), 'at least 1 and less than limitRate')
  t.equal(contradictionOf(limitsOf('minRate', { limitRate: 2 })), null)
  t.equal(contradictionOf(limitsOf('minRate', {})), null)
})
