import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  realpathSync,
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
import type { OpenFile } from '#plugin/files/open-file.js'
import { OpenFileCache } from '#plugin/files/open-file-cache.js'
import { type FileLocation, openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal, type Refusal } from '#plugin/rules/refusal.js'
import { randomBelow } from '../../support/random-numbers.ts'

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

function placesIn(t: Test): Places {
  const top = realpathSync(t.testdir({}))
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
  t.test(`a kept file is what a fresh open finds, after each of many changes (seed ${seed})`, async (t) => {
    const random = randomBelow(seed)
    const places = placesIn(t)
    const location: FileLocation = { root: places.root, path: places.file }
    const budget = new DescriptorBudget(10)
    const cache = new OpenFileCache({ maxFiles: 10, idleMs: 60_000, lookMs: 60_000, budget })
    t.teardown(() => cache.clear())
    let changes = 0
    for (let turn = 0; turn < 80; turn++) {
      const kept = await cache.open(location)
      if (!isRefusal(kept)) kept.release()
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
  })
}
