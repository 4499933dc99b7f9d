import { mkdirSync, realpathSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FileOperations } from '#plugin/files/file-operations.js'
import { isCurrent, openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal } from '#plugin/rules/refusal.js'

const FILES = 20
/** Only Linux names the path of an open file. */
const isPathKnown = process.platform === 'linux'
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
  const top = realpathSync(t.testdir({ root: { f: 'x' } }))
  symlinkSync('root', join(top, 'link'))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const calls = t.capture(FileOperations.prototype, 'run', FileOperations.prototype.run)
  for (const [name, looks] of [
    ['root', isPathKnown ? 1 : 2],
    ['link', 2],
  ] as const) {
    const root = join(top, name)
    const file = await openFile({ root, path: join(root, 'f') })
    if (isRefusal(file)) throw new Error(file)
    t.equal(await operationsOf(() => isCurrent(file, { root, path: join(root, 'f') }), calls), looks, name)
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
