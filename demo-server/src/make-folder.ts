import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it. Each level is tried twice at most: Node's own `recursive` has no end where a file
 * system answers ENOENT although the folder above is there, as /proc does.
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
