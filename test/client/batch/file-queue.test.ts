import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { FileQueue } from '#client/batch/file-queue.js'

const HOST = (file: string): string => file.slice(0, 1)
const nobody = (): number => 0

function queueOf(files: Iterable<string> | AsyncIterable<string>) {
  const seen = { changes: 0, failures: [] as unknown[] }
  const queue = new FileQueue(files, HOST, {
    onChange: () => seen.changes++,
    onFailure: (error) => seen.failures.push(error),
  })
  return { queue, seen }
}

function next(queue: FileQueue<string>, underWay: (host: string) => number = nobody): string | null {
  return queue.next(underWay)?.file ?? null
}

async function all(
  queue: FileQueue<string>,
  underWay: (host: string) => number = nobody,
): Promise<(string | null)[]> {
  const files = [next(queue, underWay)]
  await turn()
  for (let file = next(queue, underWay); file !== null; file = next(queue, underWay)) files.push(file)
  return files
}

t.test('nothing is read before the first file is asked for', async (t) => {
  let reads = 0
  const { queue } = queueOf({
    [Symbol.iterator]: () => ({
      next: () => {
        reads++
        return { done: true, value: undefined }
      },
    }),
  })
  await turn()
  t.equal(reads, 0)
  t.equal(queue.isDone, false)
  t.equal(next(queue), null)
  await turn()
  t.equal(reads, 1)
  t.equal(queue.isDone, true)
  t.equal(queue.total, 0)
})

t.test('the files of one host keep their order', async (t) => {
  const { queue, seen } = queueOf(['a1', 'a2', 'a3'])
  t.equal(queue.total, null)
  t.strictSame(await all(queue), [null, 'a1', 'a2', 'a3'])
  t.equal(seen.changes, 4)
  t.equal(queue.total, 3)
  t.ok(queue.isDone)
})

t.test('the host with the fewest files under way is next', async (t) => {
  const { queue } = queueOf(['a1', 'a2', 'b1', 'c1', 'b2'])
  const underWay: Record<string, number> = { a: 3, b: 1, c: 1 }
  t.equal(
    next(queue, (host) => underWay[host] ?? 0),
    null,
  )
  await turn()
  const order: (string | null)[] = []
  for (let file: string | null = ''; file !== null; ) {
    file = next(queue, (host) => underWay[host] ?? 0)
    order.push(file)
    if (file !== null) underWay[HOST(file)] = (underWay[HOST(file)] ?? 0) + 1
  }
  t.strictSame(order, ['b1', 'c1', 'b2', 'a1', 'a2', null])
})

t.test('a file that is given back is the next one of its host', async (t) => {
  const { queue } = queueOf(['a1', 'a2'])
  await all(queue)
  queue.putBack('a2')
  queue.putBack('a1')
  t.equal(queue.isDone, false)
  t.strictSame([next(queue), next(queue), next(queue)], ['a1', 'a2', null])
  t.ok(queue.isDone)
})

t.test('an endless list is read a bounded number of files ahead', async (t) => {
  let made = 0
  let isEnded = false
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) yield `a${made++}`
    } finally {
      isEnded = true
    }
  }
  const { queue } = queueOf(endless())
  next(queue)
  while (made < 1000) await turn()
  await turn()
  t.equal(made, 1000)
  t.equal(next(queue), 'a0')
  await turn()
  t.equal(made, 1001)
  await queue.end()
  t.ok(isEnded)
  t.ok(queue.isDone)
  t.equal(next(queue), null)
})

t.test('a list that throws ends there, and files before it are given out', async (t) => {
  const broken = new Error('broken')
  function* list(): Generator<string> {
    yield 'a1'
    throw broken
  }
  const { queue, seen } = queueOf(list())
  t.strictSame(await all(queue), [null, 'a1'])
  t.strictSame(seen.failures, [broken])
  await queue.end()
})

t.test('a list that fails when it is no longer read does no harm', async (t) => {
  const list = {
    next: async () => ({ done: false, value: 'a1' }),
    return: async () => {
      throw new Error('broken')
    },
  }
  const { queue, seen } = queueOf({ [Symbol.asyncIterator]: () => list })
  next(queue)
  await turn()
  await queue.end()
  t.strictSame(seen.failures, [])
})

t.test('what a list brings after the end is ignored', async (t) => {
  for (const settle of ['resolve', 'reject'] as const) {
    const step = withResolvers()
    const { queue, seen } = queueOf({ [Symbol.asyncIterator]: () => ({ next: () => step.promise }) })
    next(queue)
    await queue.end()
    if (settle === 'resolve') step.resolve({ done: false, value: 'a1' })
    else step.reject(new Error('late'))
    await turn()
    t.equal(next(queue), null)
    t.strictSame(seen, { changes: 0, failures: [] })
  }
})

/** Node 20 has no `Promise.withResolvers`. */
function withResolvers() {
  let resolve: (step: IteratorResult<string>) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<IteratorResult<string>>((...both) => {
    ;[resolve, reject] = both
  })
  return { promise, resolve, reject }
}
