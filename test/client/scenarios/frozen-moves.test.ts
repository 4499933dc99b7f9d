// A frozen run whose lock was deleted moves the part file of its successor, and back, when it goes on. That costs the successor
// nothing, even if it needs the name at this moment.
import { rmSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../../plugin/support/serve.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { gate } from '../support/gate.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction } from '../support/refusals.ts'
import { type End, get, names } from '../support/run.ts'

const SIZE = 1_100_000
const A = resource(makeContent(SIZE, 'version A'))
const B = resource(makeContent(SIZE, 'version B'))

/** What is called around a function of the file system. */
interface Around {
  readonly before?: (from: string, to: string) => Promise<void> | undefined
  readonly failed?: (from: string, to: string) => void
}

function hook(t: Test, name: 'link' | 'rename' | 'unlink', { before, failed }: Around): void {
  const own = promises[name]
  const undo = hookFunction(name, async (...args: unknown[]) => {
    const [from = '', to = ''] = args.map(String)
    await before?.(from, to)
    try {
      return await Reflect.apply(own, promises, args)
    } catch (error) {
      failed?.(from, to)
      throw error
    }
  })
  t.teardown(undo)
}

const isPart = (path: string): boolean => path.endsWith('/file.bin.part')
const isDone = (path: string): boolean => path.includes('/file.bin.part.done.')

/** A run that is frozen before its file gets a name of its own, and has lost its lock. `now` sends version B. */
async function frozenRun(t: Test) {
  const state = { now: A }
  const server = await startHostile((request, socket) => honest(state.now)(request, socket))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const [frozen, going] = [gate(), gate()]
  let isFirst = true
  hook(t, 'rename', {
    before: (from, to) => {
      if (!isFirst || !isPart(from) || !isDone(to)) return
      isFirst = false
      frozen.open()
      return going.passed
    },
  })
  const url = `${server.url}/file.bin`
  const ended: Promise<End> = get(url, dir)
  await frozen.passed
  rmSync(join(dir, 'file.bin.part.lock'))
  const hasMoved = (): boolean => names(dir).some((name) => name.includes('.part.done.'))
  return { state, url, dir, ended, goOn: going.open, hasMoved }
}

t.test('the successor finishes while its part file has the name of the frozen run', async (t) => {
  const { state, url, dir, ended, goOn, hasMoved } = await frozenRun(t)
  const back = gate()
  let isMissed = false
  hook(t, 'link', { before: (from, to) => (isDone(from) && isPart(to) ? back.passed : undefined) })
  hook(t, 'rename', {
    before: async (from, to) => {
      if (isMissed || !isPart(from) || !isDone(to)) return
      goOn()
      await until(hasMoved)
    },
    failed: (from, to) => {
      if (!isPart(from) || !isDone(to)) return
      isMissed = true
      back.open()
    },
  })
  state.now = B
  const { message, file } = await get(url, dir)
  t.ok(isMissed)
  sameBytes(t, file, B.content, message)
  t.match((await ended).code, /^ERR_DOWNLOAD_/)
  t.strictSame(names(dir), ['file.bin'])
})

for (const version of [A, B]) {
  const name = version === A ? 'a copy' : 'another version'
  t.test(`the successor puts ${name} in the place to which the frozen run moves its own file`, async (t) => {
    const { state, url, dir, ended, goOn, hasMoved } = await frozenRun(t)
    const back = gate()
    let isFirst = true
    hook(t, 'unlink', {
      before: async (path) => {
        if (!isFirst || !isPart(path)) return
        isFirst = false
        goOn()
        await until(hasMoved)
      },
    })
    // A copy replaces the old file in one step.
    hook(t, 'rename', {
      before: async (from, to) => {
        if (!isFirst || !isPart(to) || isDone(from)) return
        isFirst = false
        goOn()
        await until(hasMoved)
        back.open()
        await ended
      },
    })
    hook(t, 'link', {
      before: async (from, to) => {
        if (!isPart(to) || isFirst) return
        if (isDone(from)) return await back.passed
        back.open()
        await ended
      },
    })
    state.now = version
    const { message, file } = await get(url, dir)
    sameBytes(t, file, version.content, message)
    t.match((await ended).code, /^ERR_DOWNLOAD_/)
    t.strictSame(names(dir), ['file.bin'])
  })
}
