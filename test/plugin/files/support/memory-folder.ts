import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { refreshMounts } from '#plugin/files/local-file-systems.js'
import { MemoryLookup } from '#plugin/files/memory-lookup.js'

const SHARED_MEMORY = '/dev/shm'

/** An empty folder, whose open files are looked up in memory: the folder of the test, or one in shared memory. */
export async function memoryFolder(t: Test): Promise<string> {
  const folder = realpathSync(t.testdir({}))
  if (await isLookedUpInMemory(folder)) return folder
  const other = mkdtempSync(join(SHARED_MEMORY, 'memory-folder-'))
  t.teardown(() => rmSync(other, { recursive: true, force: true }))
  return other
}

/** Whether open files at a path are looked up in memory. */
export async function isLookedUpInMemory(path: string): Promise<boolean> {
  const lookup = new MemoryLookup(0, path)
  await refreshMounts()
  return lookup.isPossible()
}
