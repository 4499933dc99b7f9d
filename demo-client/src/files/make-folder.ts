// Makes a folder and its parents.
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../errors.ts'

/**
 * Makes the folder `path` and its missing parents, with `mode`. Each level is tried at most twice. Node's own `recursive`
 * never ends if a file system answers ENOENT although the parent is there, as /proc does.
 * @throws the system's error
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const error = await attempt(path, mode)
  if (error === null) return
  if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
  await makeFolder(dirname(path), mode)
  const again = await attempt(path, mode)
  if (again !== null) throw again
}

async function attempt(path: string, mode: number): Promise<unknown> {
  try {
    await mkdir(path, { mode })
    return null
  } catch (error) {
    // Another run may have made it, and on a read-only file system it may exist although mkdir fails.
    const found = await stat(path).catch(() => null)
    return found?.isDirectory() ? null : error
  }
}
