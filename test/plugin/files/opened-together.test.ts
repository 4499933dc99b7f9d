import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FileOperations } from '#plugin/files/file-operations.js'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { isCurrent, openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal } from '#plugin/rules/refusal.js'
import { isLookedUpInMemory, memoryFolder } from './support/memory-folder.ts'

const FILES = 20
const names = Array.from({ length: FILES }, (_, index) => String(index))

/** The threads' operations that the opens of all files need. */
async function operationsOf(run: () => Promise<unknown>, calls: () => readonly unknown[]): Promise<number> {
  calls()
  await run()
  return calls().length
}

t.test('files that are opened together look their root up once', async (t) => {
  const root = t.testdir(Object.fromEntries(names.map((name) => [name, 'x'])))
  // Settled, so that the number of looks does not depend on the clock.
  await new Promise((resolve) => setTimeout(resolve, 100))
  const calls = t.capture(FileOperations.prototype, 'run', FileOperations.prototype.run)
  const openAll = async (): Promise<void> => {
    const files = await Promise.all(names.map((name) => openFile({ root, path: join(root, name) })))
    for (const file of files) {
      t.notOk(isRefusal(file))
      if (!isRefusal(file)) file.release()
    }
  }
  // One for the root, and for each file: the open, the status, and where it is.
  t.equal(await operationsOf(openAll, calls), 1 + 3 * FILES)
})

t.test('a kept file is checked with one look, and with two if a symlink is on its way', async (t) => {
  const top = await memoryFolder(t)
  mkdirSync(join(top, 'root'))
  writeFileSync(join(top, 'root/f'), 'x')
  symlinkSync('root', join(top, 'link'))
  const isKnown = await isLookedUpInMemory(top)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const calls = t.capture(FileOperations.prototype, 'run', FileOperations.prototype.run)
  for (const [name, looks] of [
    ['root', isKnown ? 1 : 2],
    ['link', 2],
  ] as const) {
    const location = { root: join(top, name), path: join(top, name, 'f') }
    const file = await openFile(location)
    if (isRefusal(file)) throw new Error(file)
    // Only a list of mounts that is newer than the open says where the file is.
    await refreshMounts()
    t.equal(await operationsOf(() => isCurrent(file, location), calls), looks, name)
    file.release()
  }
})

t.test('a root that is swapped while files are opened gives each file from one release', async (t) => {
  const folder = t.testdir({
    one: Object.fromEntries(names.map((name) => [name, 'one'])),
    two: Object.fromEntries(names.map((name) => [name, 'two'])),
  })
  const root = join(folder, 'current')
  mkdirSync(join(folder, 'links'))
  symlinkSync('one', root)
  let swaps = 0
  const swap = (): void => {
    symlinkSync(swaps++ % 2 === 0 ? 'two' : 'one', join(folder, 'links', 'next'))
    renameSync(join(folder, 'links', 'next'), root)
  }
  for (let round = 0; round < 10; round++) {
    const opens = names.map((name) => openFile({ root, path: join(root, name) }))
    swap()
    await new Promise(setImmediate)
    swap()
    for (const file of await Promise.all(opens)) {
      if (isRefusal(file)) t.fail(file)
      else {
        t.match(file.realPath, /\/(?:one|two)\/\d+$/)
        file.release()
      }
    }
    const now = await openFile({ root, path: join(root, '0') })
    if (isRefusal(now)) t.fail(now)
    else {
      t.match(now.realPath, swaps % 2 === 0 ? /\/one\/0$/ : /\/two\/0$/)
      now.release()
    }
  }
})
