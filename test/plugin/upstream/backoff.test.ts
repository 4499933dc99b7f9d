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

function retryAfter(fields: Readonly<Record<string, string | undefined>>): number | undefined {
  return retryAfterSeconds({ status: 503, fields, receivedAt: 1_800_000_000 })
}

t.test('a Retry-After is read in seconds', async (t) => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  for (const [value, seconds] of [
    ['0', 0],
    ['120', 120],
    ['99999', 3600],
    ['9'.repeat(400), 3600],
    ['Sun, 06 Nov 1994 08:49:47 GMT', 10],
    ['Sun, 06 Nov 1994 08:49:27 GMT', 0],
    ['Mon, 07 Nov 2094 08:49:37 GMT', 3600],
    ['soon', undefined],
    ['-1', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)
    t.equal(retryAfter({ 'retry-after': value, date }), seconds, String(value))
  t.equal(retryAfter({ 'retry-after': date }), undefined, 'by no other clock than that of the store')
})
