import t from 'tap'
import { delayBefore, retryAfterSeconds } from '#plugin/upstream/backoff.js'

t.test('the wait doubles with each failure in a row, up to 5 s, and is random by half', async (t) => {
  const delays = [1, 2, 3, 6, 7, 50].map((failures) => delayBefore({ failures, random: 0 }))
  t.strictSame(delays, [50, 100, 200, 1600, 2500, 2500])
  t.equal(delayBefore({ failures: 1, random: 0.5 }), 75)
})

t.test('the store may ask for more, but not for more than a client waits', async (t) => {
  t.equal(delayBefore({ failures: 1, retryAfter: 2, random: 0 }), 2050)
  t.equal(delayBefore({ failures: 1, retryAfter: 6, random: 0 }), undefined)
})

t.test('a Retry-After is read in seconds', async (t) => {
  const values = ['0', '120', '99999', 'Sun, 06 Nov 1994 08:49:37 GMT', '-1', '', undefined]
  t.strictSame(values.map(retryAfterSeconds), [0, 120, 3600, undefined, undefined, undefined, undefined])
})
