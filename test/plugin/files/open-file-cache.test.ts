import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { DescriptorBudget } from '#plugin/files/descriptor-budget.js'
import { OpenFile } from '#plugin/files/open-file.js'
import { OpenFileCache } from '#plugin/files/open-file-cache.js'
import { isRefusal } from '#plugin/rules/refusal.js'
import { isLookedUpInMemory, memoryFolder } from './support/memory-folder.ts'

const skip = process.platform === 'linux' ? false : 'only Linux names the path of an open file'
const LONG_MS = 600_000
const SHORT_MS = 5

interface Kept {
  readonly path: string
  readonly cache: OpenFileCache
  readonly file: OpenFile
}

/** A file that a cache keeps, and that no answer uses. */
async function keep(t: Test, times: { idleMs: number; lookMs: number }): Promise<Kept> {
  const root = await memoryFolder(t)
  const path = join(root, 'f')
  writeFileSync(path, 'bytes')
  await isLookedUpInMemory(path)
  const cache = new OpenFileCache({ maxFiles: 10, budget: new DescriptorBudget(10), ...times })
  t.teardown(() => cache.clear())
  const file = await cache.open({ root, path })
  if (isRefusal(file)) throw new Error(file)
  file.release()
  return { path, cache, file }
}

function isOpen(file: OpenFile): boolean {
  if (!file.retain()) return false
  file.release()
  return true
}

async function untilClosed(file: OpenFile): Promise<void> {
  while (isOpen(file)) await sleep(SHORT_MS)
}

/** Counts the looks at files. */
function countLooks(t: Test): () => number {
  const calls = t.capture(OpenFile.prototype, 'hasItsPath', OpenFile.prototype.hasItsPath)
  let looks = 0
  return () => {
    looks += calls().length
    return looks
  }
}

t.test('a file without use is kept while its path leads to it', { skip }, async (t) => {
  const looks = countLooks(t)
  const { cache, path, file } = await keep(t, { idleMs: LONG_MS, lookMs: SHORT_MS })
  while (looks() < 5) await sleep(SHORT_MS)
  t.ok(isOpen(file))
  const again = await cache.open({ root: join(path, '..'), path })
  t.equal(again, file)
  file.release()
})

const ENDS: Record<string, (path: string) => void> = {
  deleted: (path) => rmSync(path),
  moved: (path) => renameSync(path, `${path}.old`),
  replaced: (path) => {
    writeFileSync(`${path}.new`, 'other')
    renameSync(`${path}.new`, path)
  },
  'written to': (path) => writeFileSync(path, 'other'),
}

for (const [end, change] of Object.entries(ENDS)) {
  t.test(`a file without use is closed after it was ${end}`, { skip }, async (t) => {
    const { path, file } = await keep(t, { idleMs: LONG_MS, lookMs: SHORT_MS })
    t.ok(isOpen(file))
    change(path)
    await untilClosed(file)
    t.pass('closed')
  })
}

t.test('a file is closed if a look at it could wait for a disk', async (t) => {
  t.intercept(OpenFile.prototype, 'hasItsPath', { value: () => false })
  const { file } = await keep(t, { idleMs: LONG_MS, lookMs: SHORT_MS })
  await untilClosed(file)
  t.pass('closed')
})

t.test('a file is closed some time after its last use', async (t) => {
  const { file } = await keep(t, { idleMs: SHORT_MS, lookMs: SHORT_MS })
  await untilClosed(file)
  t.pass('closed')
})

t.test('the event loop turns while many files are looked at', { skip }, async (t) => {
  const root = await memoryFolder(t)
  let inTurn = 0
  let most = 0
  let looks = 0
  t.intercept(OpenFile.prototype, 'hasItsPath', {
    value: () => {
      if (inTurn === 0) setImmediate(() => (inTurn = 0))
      looks++
      most = Math.max(most, ++inTurn)
      return true
    },
  })
  const budget = new DescriptorBudget(200)
  const cache = new OpenFileCache({ maxFiles: 200, budget, idleMs: LONG_MS, lookMs: 50 })
  t.teardown(() => cache.clear())
  for (let index = 0; index < 100; index++) writeFileSync(join(root, String(index)), 'x')
  await sleep(40)
  for (let index = 0; index < 100; index++) {
    const file = await cache.open({ root, path: join(root, String(index)) })
    if (!isRefusal(file)) file.release()
  }
  while (looks < 300) await sleep(SHORT_MS)
  t.ok(most < 50, `${most} of 100 at most`)
})
