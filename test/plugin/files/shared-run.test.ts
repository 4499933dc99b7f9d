import t from 'tap'
import { freshRun, SharedRuns } from '#plugin/files/shared-run.js'

/** A task whose runs end when the test says so. */
function controlled() {
  const ends: (() => void)[] = []
  const task = async (): Promise<number> => {
    const number = ends.length
    await new Promise<void>((resolve) => ends.push(resolve))
    return number
  }
  return { ends, task }
}

async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

t.test('callers of one turn share a run', async (t) => {
  const { ends, task } = controlled()
  const run = freshRun(task)
  const both = [run(), run()]
  await turns()
  t.equal(ends.length, 1)
  ends[0]?.()
  t.strictSame(await Promise.all(both), [0, 0])
})

t.test('a caller never gets a run that began before its call', async (t) => {
  const { ends, task } = controlled()
  const run = freshRun(task)
  const first = run()
  await turns()
  const later = [run(), run()]
  await turns()
  t.equal(ends.length, 1, 'the next run waits for the end of this one')
  ends[0]?.()
  t.equal(await first, 0)
  await turns()
  ends[1]?.()
  t.strictSame(await Promise.all(later), [1, 1])
})

t.test('after a run that failed, the next one begins', async (t) => {
  let runs = 0
  const run = freshRun(async () => {
    if (runs++ === 0) throw new Error('failed')
    return runs
  })
  const both = await Promise.allSettled([run(), run()])
  t.strictSame(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  t.equal(await run(), 2)
})

t.test('callers share a run by its key', async (t) => {
  const runs = new SharedRuns<string>()
  const begun: string[] = []
  const ask = (key: string): Promise<string> =>
    runs.run(key, async () => {
      begun.push(key)
      return key
    })
  t.strictSame(await Promise.all([ask('a'), ask('b'), ask('a')]), ['a', 'b', 'a'])
  t.strictSame(begun, ['a', 'b'])
  t.equal(await ask('a'), 'a')
  t.strictSame(begun, ['a', 'b', 'a'], 'a later caller gets a run of its own')
})

t.test('nothing is kept of a key without callers', async (t) => {
  const runs = new SharedRuns<string>()
  await t.rejects(
    runs.run('a', async () => {
      throw new Error('the first task')
    }),
    { message: 'the first task' },
  )
  t.equal(await runs.run('a', async () => 'the second task'), 'the second task')
})
