import t from 'tap'
import { Stopwatch } from '#client/progress/stopwatch.js'

t.test('a stopwatch counts only the time in which it runs', async (t) => {
  const watch = new Stopwatch()
  t.equal(watch.read(1000), 0)
  watch.set('running', 1000)
  watch.set('running', 1500)
  t.equal(watch.read(2000), 1000)
  watch.set('stopped', 3000)
  watch.set('stopped', 4000)
  t.equal(watch.read(9000), 2000)
  watch.set('running', 10_000)
  t.equal(watch.read(10_500), 2500)
})
