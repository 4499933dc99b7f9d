import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  cpSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DescriptorBudget } from '#plugin/files/descriptor-budget.js'
import { sameVersion } from '#plugin/files/file-version.js'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { MemoryLookup } from '#plugin/files/memory-lookup.js'
import type { OpenFile } from '#plugin/files/open-file.js'
import { OpenFileCache } from '#plugin/files/open-file-cache.js'
import { type FileLocation, openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal, type Refusal } from '#plugin/rules/refusal.js'
import { randomBelow } from '../../support/random-numbers.ts'
import { isLookedUpInMemory, memoryFolder } from './support/memory-folder.ts'

const skip = process.platform === 'linux' ? false : 'only Linux names the path of an open file'

/** Opens a file for the time of a test, and makes its look-up. */
async function lookupOf(t: Test, path: string): Promise<{ fd: number; lookup: MemoryLookup }> {
  const fd = openSync(path, 'r')
  t.teardown(() => closeSync(fd))
  const lookup = new MemoryLookup(fd, path)
  await refreshMounts()
  t.ok(lookup.isPossible())
  return { fd, lookup }
}

t.test('the mounts must have been read after the file was opened', { skip }, async (t) => {
  const folder = await memoryFolder(t)
  await refreshMounts()
  const lookup = new MemoryLookup(0, join(folder, 'f'))
  t.notOk(lookup.isPossible())
  await refreshMounts()
  t.ok(lookup.isPossible())
})

t.test('file systems that generate their files, or ask others, are not looked up so', { skip }, async (t) => {
  for (const path of ['/proc/self/status', '/sys/kernel/notes', 'relative']) {
    t.notOk(await isLookedUpInMemory(path), path)
  }
})

t.test('the path and the descriptor show the status of the open file', { skip }, async (t) => {
  const path = join(await memoryFolder(t), 'f')
  writeFileSync(path, 'before')
  const { fd, lookup } = await lookupOf(t, path)
  const expected = fstatSync(fd, { bigint: true })
  t.strictSame(lookup.ofDescriptor(), expected)
  t.strictSame(lookup.ofPath(), expected)
})

const ELSEWHERE: readonly { readonly name: string; readonly change: (folder: string) => void }[] = [
  { name: 'it was renamed', change: (folder) => renameSync(join(folder, 'd/f'), join(folder, 'd/g')) },
  { name: 'it was removed', change: (folder) => rmSync(join(folder, 'd/f')) },
  {
    name: 'its folder is a symlink to the same folder',
    change: (folder) => {
      renameSync(join(folder, 'd'), join(folder, 'e'))
      symlinkSync('e', join(folder, 'd'))
    },
  },
  {
    name: 'its folder is a symlink to a folder with another name of the same file',
    change: (folder) => {
      mkdirSync(join(folder, 'e'))
      linkSync(join(folder, 'd/f'), join(folder, 'e/f'))
      renameSync(join(folder, 'd'), join(folder, 'moved'))
      symlinkSync('e', join(folder, 'd'))
    },
  },
  {
    name: 'its folder cannot be entered',
    change: (folder) => {
      rmSync(join(folder, 'd'), { recursive: true })
      writeFileSync(join(folder, 'd'), '')
    },
  },
]

for (const { name, change } of ELSEWHERE) {
  t.test(`it is not certain that the path leads to the open file: ${name}`, { skip }, async (t) => {
    const folder = await memoryFolder(t)
    mkdirSync(join(folder, 'd'))
    writeFileSync(join(folder, 'd/f'), 'before')
    const { lookup } = await lookupOf(t, join(folder, 'd/f'))
    t.ok(lookup.ofPath())
    change(folder)
    t.equal(lookup.ofPath(), undefined)
  })
}

t.test('a mount that covers the path is seen', { skip }, async (t) => {
  const folder = await memoryFolder(t)
  mkdirSync(join(folder, 'd'))
  writeFileSync(join(folder, 'd/f'), 'before')
  const { fd, lookup } = await lookupOf(t, join(folder, 'd/f'))
  if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'd')]).status !== 0) {
    t.comment('not shown: this user may not mount')
    return
  }
  try {
    t.equal(lookup.ofPath(), undefined, 'nothing is there')
    writeFileSync(join(folder, 'd/f'), 'covers')
    const seen = lookup.ofPath()
    t.ok(seen === undefined || seen.dev !== fstatSync(fd, { bigint: true }).dev, 'another file is there')
  } finally {
    execFileSync('umount', [join(folder, 'd')])
  }
})

/** Changes of one file, its names and its folders. Some need what an earlier one has made. */
const CHANGES: readonly ((at: Places) => void)[] = [
  ({ file, spare }) => {
    writeFileSync(spare, 'replaced')
    renameSync(spare, file)
  },
  ({ file }) => appendFileSync(file, '+'),
  ({ file }) => writeFileSync(file, 'written'),
  ({ file }) => chmodSync(file, 0o600 + (statSync(file).mode & 0o077 ? 0 : 0o044)),
  ({ file }) => {
    const { atime, mtime } = statSync(file)
    appendFileSync(file, '')
    utimesSync(file, atime, mtime)
  },
  ({ file, outside }) => linkSync(file, join(outside, 'name')),
  ({ file, outside }) => renameSync(join(outside, 'name'), file),
  ({ file }) => rmSync(file),
  ({ file, spare }) => {
    cpSync(file, spare)
    rmSync(file)
    symlinkSync(spare, file)
  },
  ({ folder, outside }) => renameSync(folder, join(outside, 'd')),
  ({ folder, outside }) => symlinkSync(join(outside, 'd'), folder),
  ({ folder, outside }) => {
    rmSync(folder, { recursive: true })
    renameSync(join(outside, 'd'), folder)
  },
  ({ folder, file }) => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, 'again')
  },
  ({ folder, root, outside, file }) => {
    mkdirSync(join(outside, 'e'), { recursive: true })
    linkSync(file, join(outside, 'e/f'))
    renameSync(folder, join(root, 'put-aside'))
    symlinkSync(join(outside, 'e'), folder)
  },
  ({ root, folder }) => {
    rmSync(folder, { recursive: true })
    renameSync(join(root, 'put-aside'), folder)
  },
]

interface Places {
  readonly root: string
  readonly outside: string
  readonly folder: string
  readonly file: string
  readonly spare: string
}

async function placesIn(t: Test): Promise<Places> {
  const top = await memoryFolder(t)
  const root = join(top, 'root')
  const places = { root, outside: join(top, 'outside'), folder: join(root, 'd'), spare: join(root, 'spare') }
  for (const path of [places.outside, places.folder]) mkdirSync(path, { recursive: true })
  writeFileSync(join(places.folder, 'f'), 'first')
  return { ...places, file: join(places.folder, 'f') }
}

/** Whether two opens found the same: the same reason, or the same version at the same path. Closes both. */
function isSame(kept: OpenFile | Refusal, fresh: OpenFile | Refusal): boolean {
  if (isRefusal(kept) || isRefusal(fresh)) {
    for (const opened of [kept, fresh]) if (!isRefusal(opened)) opened.release()
    return kept === fresh
  }
  const isEqual = sameVersion(kept.version, fresh.version) && kept.realPath === fresh.realPath
  kept.release()
  fresh.release()
  return isEqual
}

for (const seed of [1, 2]) {
  t.test(
    `a kept file is what a fresh open finds, after each of many changes (seed ${seed})`,
    { skip },
    async (t) => {
      const random = randomBelow(seed)
      const places = await placesIn(t)
      const location: FileLocation = { root: places.root, path: places.file }
      const budget = new DescriptorBudget(10)
      const cache = new OpenFileCache({ maxFiles: 10, idleMs: 60_000, lookMs: 60_000, budget })
      t.teardown(() => cache.clear())
      const lookedUp = countLookups(t)
      let changes = 0
      for (let turn = 0; turn < 80; turn++) {
        // Kept, and looked up in memory from now on.
        const kept = await cache.open(location)
        if (!isRefusal(kept)) kept.release()
        await refreshMounts()
        const before = lookedUp()
        const again = await cache.open(location)
        if (!isRefusal(again)) again.release()
        if (!isRefusal(again) && again.settled && again.realPath === places.file) t.ok(lookedUp() > before)
        const number = random(CHANGES.length)
        try {
          CHANGES[number]?.(places)
          changes++
        } catch {
          // What it needs is not there now.
        }
        const found = await cache.open(location)
        if (!isSame(found, await openFile(location)))
          t.fail(`turn ${turn}: another file after change ${number}`)
      }
      t.ok(changes > 20, `${changes} changes`)
    },
  )
}

/** Counts the look-ups of paths in memory. */
function countLookups(t: Test): () => number {
  const original = MemoryLookup.prototype.ofPath
  let count = 0
  MemoryLookup.prototype.ofPath = function (this: MemoryLookup) {
    count++
    return original.call(this)
  }
  t.teardown(() => {
    MemoryLookup.prototype.ofPath = original
  })
  return () => count
}
