// Renames a file, but never over another file.
import { link, lstat, rename } from 'node:fs/promises'
import { fileError, systemCode } from '../errors.ts'
import { removeFile } from './remove-file.ts'

/**
 * Gives the file `from` the name `to`, unless that is taken. link(2) does both in one step. On a file system without it, a
 * file that appears between the check and the rename is replaced.
 */
export async function moveToFree(from: string, to: string): Promise<'moved' | 'taken'> {
  try {
    await link(from, to)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error
    // A network file system may make the link, lose its answer, and say on the second try that the name is taken.
    if (!(await isSameFile(from, to))) {
      if (systemCode(error) === 'EEXIST' || (await exists(to))) return 'taken'
      await rename(from, to)
      return 'moved'
    }
  }
  await removeFile(from)
  return 'moved'
}

/** Are these two names of one file? */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((path) => lstat(path, { bigint: true }).catch(() => null)),
  )
  return a != null && b != null && a.ino === b.ino && a.dev === b.dev && a.nlink > 1n
}

/** Is anything at `path`, even a broken link? */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw fileError(error, path)
  }
}
