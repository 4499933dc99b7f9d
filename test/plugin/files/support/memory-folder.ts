import { closeSync, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { MemoryLookup } from '#plugin/files/memory-lookup.js'

const SHARED_MEMORY = '/dev/shm'

/** An empty folder, whose open files are looked at in memory: the folder of the test, or one in shared memory. */
export async function memoryFolder(t: Test): Promise<string> {
  const folder = realpathSync(t.testdir({}))
  if (await isLookedUpInMemory(folder)) return folder
  const other = mkdtempSync(join(SHARED_MEMORY, 'memory-folder-'))
  t.teardown(() => rmSync(other, { recursive: true, force: true }))
  return other
}

/** Whether what is open at a path is looked at in memory. */
export async function isLookedUpInMemory(path: string): Promise<boolean> {
  const fd = openSync(path, 'r')
  try {
    const lookup = new MemoryLookup(fd)
    await refreshMounts()
    return lookup.isPossible()
  } finally {
    closeSync(fd)
  }
}
