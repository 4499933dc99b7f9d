import t from 'tap'
import { formatHttpDate } from '#plugin/http-date.js'
import { rangeApplies } from '#plugin/preconditions.js'

t.test('the first date that is written is not one that was written before', async (t) => {
  t.equal(formatHttpDate(1), 'Thu, 01 Jan 1970 00:00:01 GMT')
  t.equal(formatHttpDate(0), 'Thu, 01 Jan 1970 00:00:00 GMT')
})

t.test('§8.8.2.2 a Last-Modified is strong from one second of age on', async (t) => {
  const lastModified = 784_111_777
  const ifRange = formatHttpDate(lastModified)
  for (const { age, want } of [
    { age: 0, want: false },
    { age: 1, want: true },
    { age: 2, want: true },
  ]) {
    const validators = { etag: undefined, lastModified, now: lastModified + age }
    t.equal(rangeApplies(ifRange, validators), want, `${age} s`)
  }
})
