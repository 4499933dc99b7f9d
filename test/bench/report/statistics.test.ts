import t from 'tap'
import { quantile, spreadOf } from './statistics.ts'

t.test('the median of an even count is halfway between the two in the middle', async (t) => {
  t.strictSame(spreadOf([10, 1, 3, 2]), { median: 2.5, least: 1, most: 10 })
})

t.test('a quantile is interpolated, and throws a RangeError without figures', async (t) => {
  t.equal(quantile([1, 2, 3, 4, 5], 0.5), 3)
  t.equal(quantile([0, 10], 0.99), 9.9)
  t.throws(() => quantile([], 0.5), RangeError)
})
