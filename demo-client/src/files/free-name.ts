// Renames a file, but never over another file.
import type { BigIntStats } from 'node:fs'
import { link, lstat, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError, systemCode } from '../errors.ts'
import { removeFile } from './remove-file.ts'
import { hasStableInodes } from './stable-inodes.ts'

/**
 * Gives the file `from` the name `to`, unless that is taken. link(2) does both in one step. On a file system without it, a
 * file that appears between the check and the rename is replaced.
 * @returns `'linked'`: it has the name `to`, and the system refuses to delete `from`, as some full file systems do
 */
export async function moveToFree(from: string, to: string): Promise<'moved' | 'linked' | 'taken'> {
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
  // The name is ours by now, so this replaces no other file. The system leaves `from` if both are names of one file.
  if (await areNumberedApart(from, to)) await rename(from, to)
  return await removeFile(from).then(
    () => 'moved',
    () => 'linked',
  )
}

/**
 * Does the file system number a file by its name, as sshfs does? Then a link is not known as the file that is open under the
 * old name, but after a rename it is.
 */
async function areNumberedApart(one: string, other: string): Promise<boolean> {
  if (await hasStableInodes(dirname(other))) return false
  const [a, b] = await statsOf(one, other)
  return a != null && b != null && a.ino !== b.ino
}

/** Are these two names of one file? */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await statsOf(one, other)
  return a != null && b != null && a.ino === b.ino && a.dev === b.dev && a.nlink > 1n
}

async function statsOf(...paths: string[]): Promise<(BigIntStats | null)[]> {
  return await Promise.all(paths.map((path) => lstat(path, { bigint: true }).catch(() => null)))
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
