import t from 'tap'
import { HashLane } from '#plugin/sources/hash-lane.js'

const NEVER = new AbortController().signal

/** A task that ends when it is told. */
function task(name: string, log: string[]) {
  const ends: { resolve?: (name: string) => void; reject?: (error: Error) => void } = {}
  const promise = new Promise<string>((resolve, reject) => Object.assign(ends, { resolve, reject }))
  const run = (): Promise<string> => {
    log.push(name)
    return promise
  }
  return { run, end: () => ends.resolve?.(name), fail: () => ends.reject?.(new Error(name)) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('a lane runs a few tasks at a time, in their order', async (t) => {
  const log: string[] = []
  const lane = new HashLane({ running: 2, waiting: 2 })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => task(name, log)) as [
    ReturnType<typeof task>,
    ReturnType<typeof task>,
    ReturnType<typeof task>,
    ReturnType<typeof task>,
  ]
  const first = lane.run(NEVER, a.run)
  const second = lane.run(NEVER, b.run)
  t.equal(lane.isFull, false)
  const third = lane.run(NEVER, c.run)
  const fourth = lane.run(NEVER, d.run)
  t.equal(lane.isFull, true)
  await turn()
  t.strictSame(log, ['a', 'b'])
  b.end()
  t.equal(await second, 'b')
  await turn()
  t.strictSame(log, ['a', 'b', 'c'])
  t.equal(lane.isFull, false)
  a.fail()
  await t.rejects(first, { message: 'a' })
  c.end()
  d.end()
  t.strictSame(await Promise.all([third, fourth]), ['c', 'd'])
  t.strictSame(log, ['a', 'b', 'c', 'd'])
})

t.test('a task that is aborted gives its turn to the next, although it may never end', async (t) => {
  const log: string[] = []
  const lane = new HashLane({ running: 1, waiting: 5 })
  const [hung, last] = [task('hung', log), task('last', log)]
  const [one, two] = [new AbortController(), new AbortController()]
  const first = lane.run(one.signal, hung.run)
  const waiting = lane.run(two.signal, task('never', log).run)
  const third = lane.run(NEVER, last.run)
  two.abort()
  t.equal(await waiting, undefined)
  one.abort()
  t.equal(await first, undefined)
  last.end()
  t.equal(await third, 'last')
  t.strictSame(log, ['hung', 'last'])
  t.equal(await lane.run(AbortSignal.abort(), hung.run), undefined)
  t.strictSame(log, ['hung', 'last'], 'a task that is aborted before does not begin')
})
