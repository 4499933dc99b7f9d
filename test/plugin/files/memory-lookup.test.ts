import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { MemoryLookup } from '#plugin/files/memory-lookup.js'
import { isLookedUpInMemory, memoryFolder } from './support/memory-folder.ts'

const skip = process.platform === 'linux' ? false : 'only Linux names the path of an open file'

/** Opens a file for the time of a test, and makes its look-up. */
async function lookupOf(t: Test, path: string): Promise<{ fd: number; lookup: MemoryLookup }> {
  const fd = openSync(path, 'r')
  t.teardown(() => closeSync(fd))
  const lookup = new MemoryLookup(fd)
  await refreshMounts()
  t.ok(lookup.isPossible())
  return { fd, lookup }
}

t.test('the mounts must have been read after the file was opened', { skip }, async (t) => {
  const fd = openSync(await memoryFolder(t), 'r')
  t.teardown(() => closeSync(fd))
  await refreshMounts()
  const lookup = new MemoryLookup(fd)
  t.notOk(lookup.isPossible())
  await refreshMounts()
  t.ok(lookup.isPossible())
})

t.test('file systems that generate their files, or ask others, are not looked at so', { skip }, async (t) => {
  for (const path of ['/proc/self/status', '/sys/kernel/notes']) {
    t.notOk(await isLookedUpInMemory(path), path)
  }
})

t.test('a descriptor shows its status, and the path that it has now', { skip }, async (t) => {
  const path = join(await memoryFolder(t), 'f')
  writeFileSync(path, 'before')
  const { fd, lookup } = await lookupOf(t, path)
  t.strictSame(lookup.status(), fstatSync(fd, { bigint: true }))
  t.equal(lookup.path(), path)
  renameSync(path, `${path}.moved`)
  t.equal(lookup.path(), `${path}.moved`)
  rmSync(`${path}.moved`)
  t.equal(lookup.path(), `${path}.moved (deleted)`)
})

t.test('the file system is that of the descriptor, whatever covers the path', { skip }, async (t) => {
  const folder = await memoryFolder(t)
  const mount = (...options: string[]): boolean => spawnSync('mount', [...options, folder]).status === 0
  if (!mount('-t', 'proc', 'proc')) {
    t.comment('not shown: this user may not mount')
    return
  }
  const inProc = openSync(join(folder, 'uptime'), 'r')
  execFileSync('umount', ['-l', folder])
  const own = openSync(folder, 'r')
  t.ok(mount('-t', 'proc', 'proc'))
  const covering = openSync(folder, 'r')
  try {
    const lookups = [inProc, own, covering].map((fd) => new MemoryLookup(fd))
    await refreshMounts()
    t.strictSame(
      lookups.map((lookup) => lookup.isPossible()),
      [false, true, false],
    )
  } finally {
    for (const fd of [inProc, own, covering]) closeSync(fd)
    execFileSync('umount', ['-l', folder])
  }
})
