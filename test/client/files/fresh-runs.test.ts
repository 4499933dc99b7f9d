import t from 'tap'
import { FreshRuns } from '#client/files/fresh-runs.js'

/** Runs that end when they are told to. */
function held() {
  const ends: ((error?: Error) => void)[] = []
  const runs = new FreshRuns(
    () =>
      new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve(true) : reject(error)))
      }),
  )
  return { runs, ends }
}

t.test('calls during a run share the next one, which begins when the run ends', async (t) => {
  const { runs, ends } = held()
  const first = runs.call('a')
  const later = [runs.call('a'), runs.call('a')]
  t.equal(ends.length, 1)
  ends[0]?.()
  t.equal(await first, true)
  t.equal(ends.length, 2)
  ends[1]?.()
  t.strictSame(await Promise.all(later), [true, true])
  const last = runs.call('a')
  t.equal(ends.length, 3)
  ends[2]?.()
  t.equal(await last, true)
})

t.test('another key has runs of its own', async (t) => {
  const { runs, ends } = held()
  const both = [runs.call('a'), runs.call('b')]
  t.equal(ends.length, 2)
  for (const end of ends) end()
  t.strictSame(await Promise.all(both), [true, true])
})

t.test('a run that fails fails for its callers alone', async (t) => {
  const { runs, ends } = held()
  const first = runs.call('a')
  const later = runs.call('a')
  ends[0]?.(new Error('EIO'))
  await t.rejects(first, { message: 'EIO' })
  ends[1]?.()
  t.equal(await later, true)
})
