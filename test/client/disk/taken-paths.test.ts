import { linkSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type NewName, TakenPaths } from '#client/disk/taken-paths.js'

type Stats = ReturnType<typeof statSync> & { ino: bigint; birthtimeNs: bigint }

const BUSY = {
  code: 'ERR_DOWNLOAD_BUSY',
  message: /another download of this process has the same output, \/d\//,
}

t.test('a path is taken by one', async (t) => {
  const taken = new TakenPaths()
  const [first, second] = [taken.holder(), taken.holder()]
  first.take('/d/a')
  first.take('/d/a')
  t.throws(() => second.take('/d/a'), BUSY)
  second.take('/d/b')
})

t.test('who takes another path leaves the first, and a failure leaves the last', async (t) => {
  const taken = new TakenPaths()
  const [first, second] = [taken.holder(), taken.holder()]
  first.take('/d/a')
  first.take('/d/b')
  second.take('/d/a')
  t.throws(() => second.take('/d/b'), BUSY)
  second.take('/d/a')
  first.release()
  first.release()
  second.take('/d/b')
  t.throws(() => first.take('/d/b'), BUSY)
})

/** A folder with the files `a` and `b`, of which the first has been named. */
async function named(t: Test) {
  const dir = t.testdir({ a: 'x', b: 'x' })
  const taken = new TakenPaths()
  await taken.holder().name(newName(join(dir, 'a'), 'refuse'), async () => undefined)
  return { dir, taken }
}

function newName(path: string, existing: NewName['existing']): NewName {
  return { path: '/d/a', target: path, stats: statSync(path, { bigint: true }), existing }
}

t.test('a finished file is known by another name too', async (t) => {
  const { dir, taken } = await named(t)
  renameSync(join(dir, 'a'), join(dir, 'c'))
  await t.rejects(taken.holder().assertNotTaken('/d/c', join(dir, 'c')), { code: 'ERR_DOWNLOAD_BUSY' })
  await t.rejects(taken.holder().keep('/d/c', join(dir, 'c')), { code: 'ERR_DOWNLOAD_BUSY' })
  await taken.holder().assertNotTaken('/d/b', join(dir, 'b'))
  await taken.holder().assertNotTaken('/d/d', join(dir, 'd'))
})

t.test('a file that is kept is taken', async (t) => {
  const { dir, taken } = await named(t)
  await taken.holder().keep('/d/b', join(dir, 'b'))
  await t.rejects(taken.holder().assertNotTaken('/d/a', join(dir, 'b')), BUSY)
  await taken.holder().keep('/d/d', join(dir, 'd'))
})

t.test('two names of one file are two, but not two spellings of one', async (t) => {
  const { dir, taken } = await named(t)
  linkSync(join(dir, 'a'), join(dir, 'c'))
  symlinkSync('.', join(dir, 'link'))
  await taken.holder().assertNotTaken('/d/c', join(dir, 'c'))
  await t.rejects(taken.holder().assertNotTaken('/d/a', join(dir, 'a')), BUSY)
  await t.rejects(taken.holder().assertNotTaken('/d/a', join(dir, 'link', 'a')), BUSY)
})

t.test('a file that got the inode of one that is gone is another file', async (t) => {
  const { dir, taken } = await named(t)
  const path = join(dir, 'a')
  writeFileSync(path, 'y')
  await t.rejects(taken.holder().assertNotTaken('/d/a', path), BUSY, 'other content in the same file')
  const undo = hookStats((stats) => ({ ...stats, birthtimeNs: stats.birthtimeNs + 1n }))
  t.teardown(undo)
  await taken.holder().assertNotTaken('/d/a', path)
})

t.test('large numbers of files are told apart', async (t) => {
  const dir = t.testdir({ a: 'x', b: 'x' })
  const taken = new TakenPaths()
  const inode = new Map([
    [statSync(join(dir, 'a'), { bigint: true }).ino, 2n ** 57n],
    [statSync(join(dir, 'b'), { bigint: true }).ino, 2n ** 57n + 1n],
  ])
  // Lustre numbers files like this, and may not know when they were made.
  t.teardown(hookStats((stats) => ({ ...stats, ino: inode.get(stats.ino), birthtimeNs: 0n })))
  await taken.holder().keep('/d/a', join(dir, 'a'))
  await taken.holder().assertNotTaken('/d/b', join(dir, 'b'))
  await t.rejects(taken.holder().assertNotTaken('/d/a', join(dir, 'a')), BUSY)
})

t.test('what may replace others gets its name in turn', async (t) => {
  const { dir, taken } = await named(t)
  let isReplaced = false
  const first = taken
    .holder()
    .name({ ...newName(join(dir, 'b'), 'replace'), target: join(dir, 'c') }, async () => {
      await new Promise(setImmediate)
      renameSync(join(dir, 'b'), join(dir, 'c'))
    })
  const second = taken
    .holder()
    .name({ ...newName(join(dir, 'b'), 'replace'), target: join(dir, 'c') }, async () => {
      isReplaced = true
    })
  await first
  await t.rejects(second, BUSY)
  t.notOk(isReplaced)
  rmSync(join(dir, 'c'))
  await taken
    .holder()
    .name({ ...newName(join(dir, 'a'), 'replace'), target: join(dir, 'c') }, async () => undefined)
})

/** Changes what the file system says about files. Returns what undoes it. */
function hookStats(change: (stats: Stats) => object): () => void {
  const own = promises.lstat
  const hook = async (path: string) => change((await own(path, { bigint: true })) as Stats)
  Object.assign(promises, { lstat: hook })
  syncBuiltinESMExports()
  return () => {
    Object.assign(promises, { lstat: own })
    syncBuiltinESMExports()
  }
}
