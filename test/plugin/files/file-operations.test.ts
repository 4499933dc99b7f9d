import t from 'tap'
import { FileOperations, threadsFor } from '#plugin/files/file-operations.js'
import { MAX_WAITING_OPERATIONS } from '#plugin/memory-bounds.js'

const LARGE = 256 * 1024
const SMALL = 4096

/** Operations that the test ends. */
function operations() {
  const started: number[] = []
  const ends = new Map<number, () => void>()
  const operation = (id: number) => () =>
    new Promise<number>((resolve) => {
      started.push(id)
      ends.set(id, () => resolve(id))
    })
  return { started, operation, end: (id: number) => ends.get(id)?.() }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('large reads leave threads for small ones', async (t) => {
  const { started, operation, end } = operations()
  const local = new FileOperations('local')
  const reads = [0, 1, 2, 3].map((id) => local.read(LARGE, operation(id)))
  await turn()
  t.ok(started.length < 4, `${started.length} large reads at a time`)
  const small = local.read(SMALL, operation(9))
  await turn()
  t.ok(started.includes(9), 'a small one does not wait for them')
  for (const id of [9, 0, 1, 2, 3]) {
    end(id)
    await turn()
  }
  t.strictSame(await Promise.all([...reads, small]), [0, 1, 2, 3, 9])
  t.strictSame(
    started.filter((id) => id !== 9),
    [0, 1, 2, 3],
    'in the order in which they came',
  )
})

t.test('a large read has its turn while small ones keep coming', async (t) => {
  const { started, operation, end } = operations()
  const local = new FileOperations('local')
  for (let id = 1; id <= 100; id++) void local.read(SMALL, operation(id))
  void local.read(LARGE, operation(0))
  await turn()
  t.ok(started.length < 100, 'some of them wait')
  t.notOk(started.includes(0))
  end(1)
  await turn()
  t.ok(started.includes(0), 'it begins at the first place that is free')
  void local.read(LARGE, operation(-1))
  end(2)
  await turn()
  t.notOk(started.includes(-1), 'and a second one waits for the small ones')
})

t.test('large reads that never end do not block others', async (t) => {
  const { started, operation, end } = operations()
  const local = new FileOperations('local')
  for (const id of [0, 1, 2, 3]) void local.read(LARGE, operation(id))
  const last = local.read(LARGE, operation(4))
  // Each second, as many new ones start as there are that hang.
  while (!started.includes(4)) await new Promise((resolve) => setTimeout(resolve, 50))
  end(4)
  t.equal(await last, 4)
})

t.test(
  'a remote storage that hangs uses half of the threads at most, and no other storage waits',
  async (t) => {
    const { started, operation, end } = operations()
    const remote = new FileOperations('remote')
    for (let id = 0; id < 20; id++) void remote.run(operation(id))
    await turn()
    t.ok(started.length <= 2, `${started.length} of its operations at a time`)
    const other = new FileOperations('local').run(operation(100))
    end(100)
    t.equal(await other, 100)
  },
)

t.test('an operation that fails, or throws, lets the next one start', async (t) => {
  const remote = new FileOperations('remote')
  for (let turn = 0; turn < 10; turn++) {
    await t.rejects(
      remote.run(() => Promise.reject(new Error('no'))),
      { message: 'no' },
    )
    await t.rejects(
      remote.run(() => {
        throw new Error('at once')
      }),
      { message: 'at once' },
    )
  }
  t.equal(await remote.run(async () => 'yes'), 'yes')
})

t.test('an operation beyond the limit is refused at once', async (t) => {
  const { operation } = operations()
  const remote = new FileOperations('remote')
  for (let id = 0; id < MAX_WAITING_OPERATIONS + 2; id++) void remote.run(operation(id)).catch(() => {})
  await t.rejects(remote.run(operation(-1)), { code: 'ERR_RANGE_OVERLOADED', statusCode: 503 })
})

t.test('the threads are those of libuv, whatever UV_THREADPOOL_SIZE says', async (t) => {
  t.equal(threadsFor(undefined), 4)
  for (const [setting, count] of [
    ['1', 1],
    ['16', 16],
    ['2.9', 2],
    ['8 threads', 8],
    ['0', 1],
    ['', 1],
    ['many', 1],
    ['5000', 1024],
    ['-1', 1024],
  ] as const)
    t.equal(threadsFor(setting), count, `'${setting}'`)
})
