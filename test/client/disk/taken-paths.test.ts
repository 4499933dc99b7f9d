import { renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TakenPaths } from '#client/disk/taken-paths.js'

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

t.test('a finished file is known by another name too', async (t) => {
  const dir = t.testdir({ a: 'x', b: 'x' })
  const taken = new TakenPaths()
  const stats = statSync(join(dir, 'a'), { bigint: true })
  taken.holder().finish(stats)
  renameSync(join(dir, 'a'), join(dir, 'c'))
  t.throws(() => taken.holder().assertNotTaken('/d/c', statSync(join(dir, 'c'))), BUSY)
  taken.holder().assertNotTaken('/d/b', statSync(join(dir, 'b')))
})

t.test('a file that got the inode of one that is gone is another file', async (t) => {
  const path = join(t.testdir({ a: 'x' }), 'a')
  const taken = new TakenPaths()
  const stats = statSync(path)
  taken.holder().finish(statSync(path, { bigint: true }))
  writeFileSync(path, 'y')
  t.throws(
    () => taken.holder().assertNotTaken('/d/a', statSync(path)),
    BUSY,
    'other content in the same file',
  )
  stats.birthtimeMs += 1
  taken.holder().assertNotTaken('/d/a', stats)
})
