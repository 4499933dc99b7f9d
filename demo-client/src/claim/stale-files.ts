// Finds temporary files of runs, and removes those whose run has ended.
//
// Such a name says, with a proof, which process made it; see `run-token.ts`. A name without a valid proof stays, and so does
// anything but a regular file of this user. A run that was stopped for so long that it was taken for dead finds its file
// missing when it continues, and no other file under that name. Then it tries again, or ends.
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ifShort } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { removeFile } from '../files/remove-file.ts'
import { readToken } from '../state/run-token.ts'
import { readTemporaryName, type TemporaryName } from '../state/temporary-names.ts'
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat.ts'
import { type Life, lifeOfMaker } from './lock-owner.ts'

/** Where to look for stale files, and how to recognize them. */
export interface StaleFileSearch {
  readonly folder: string
  /** The key of the tokens in their names; see `run-token.ts`. */
  readonly key: Buffer
  /** The user whose files may be removed, as the file system numbers it; null if there are no users. */
  readonly user: number | null
  /** The time by the file system's clock, in ms. */
  readonly now: number
}

/** All names in a folder; null if it cannot be read. */
export async function namesIn(folder: string): Promise<string[] | null> {
  return await withDescriptor(() => readdir(folder)).catch(() => null)
}

/** The temporary files of this user's runs in a folder, stale or in use. None if the folder cannot be read. */
export async function temporariesIn(folder: string, key: Buffer): Promise<TemporaryName[]> {
  const names = (await namesIn(folder)) ?? []
  return provenOf(
    names.map(readTemporaryName).filter((name) => name !== null),
    key,
  )
}

/** Those that are proven to be of this user's runs. */
export function provenOf(names: readonly TemporaryName[], key: Buffer): TemporaryName[] {
  return names.filter(({ token }) => readToken(token, key) !== null)
}

/** Removes those of the files `found` whose run has ended, or cannot be checked and has not touched them for a minute. */
export async function removeStale(found: readonly TemporaryName[], search: StaleFileSearch): Promise<void> {
  for (const { file, stage, token } of found) {
    const path = join(search.folder, `${file}.${stage}.${token}`)
    const life = lifeOf(token, search.key)
    if (life === null || life === 'alive' || !(await isFileOf(path, search.user))) continue
    if (life === 'unknown' && Math.abs(search.now - (await touchedAt(path))) <= HEARTBEAT_TIMEOUT_MS) continue
    await removeFile(path).catch(() => undefined)
  }
}

/** Null if no run made the token, or if no descriptor is left to check its process. Then the file stays. */
function lifeOf(token: string, key: Buffer): Life | null {
  try {
    return lifeOfMaker(token, key)
  } catch (error) {
    return ifShort(null)(error)
  }
}

/** Is at `path` a regular file of this user? */
export async function isFileOf(path: string, user: number | null): Promise<boolean> {
  const stats = await lstat(path).catch(() => null)
  return stats?.isFile() === true && (user === null || stats.uid === user)
}

async function touchedAt(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.mtimeMs ?? Number.POSITIVE_INFINITY
}
