// Moves a file to a name that nobody has: what another one has put there stays.
import { link, lstat, rename, rm } from 'node:fs/promises'
import { fileError, systemCode } from '../errors.ts'

/**
 * Gives the file `from` the name `to`, unless that is taken. link(2) sees to it in one step. Where a file system refuses
 * that, a name that appears in the instant between the look and the rename is not seen.
 */
export async function moveToFree(from: string, to: string): Promise<'moved' | 'taken'> {
  try {
    await link(from, to)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error
    // A network file system may do it, lose the answer, and say on the second try that the name is taken.
    if (!(await isSameFile(from, to))) {
      if (systemCode(error) === 'EEXIST' || (await exists(to))) return 'taken'
      await rename(from, to)
      return 'moved'
    }
  }
  await rm(from, { force: true })
  return 'moved'
}

/** Are these two names of one file? */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((path) => lstat(path, { bigint: true }).catch(() => null)),
  )
  return a != null && b != null && a.ino === b.ino && a.dev === b.dev && a.nlink > 1n
}

/** Is anything at `path`, be it a link that leads nowhere? */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw fileError(error, path)
  }
}
