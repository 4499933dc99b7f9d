import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and its parents. Each level is tried at most twice. Node's own `recursive` never ends on a file system
 * that answers ENOENT although the parent folder exists, such as /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const error = await attempt(path)
  if (error === null) return
  const isAboveMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  if (!isAboveMissing || dirname(path) === path) throw error
  await makeFolder(dirname(path))
  const again = await attempt(path)
  if (again !== null) throw again
}

async function attempt(path: string): Promise<unknown> {
  try {
    await mkdir(path)
    return null
  } catch (error) {
    const found = await stat(path).catch(() => null)
    return found?.isDirectory() ? null : error
  }
}
