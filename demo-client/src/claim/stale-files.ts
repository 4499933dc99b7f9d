// Temporary files that a run has left: which ones are there, and the removal of those whose run has ended.
//
// A name says which process made it, with a proof; see `run-token.ts`. What only looks like one stays, and so does all that is
// no regular file, or not this user's. A run that stood still for so long that it was taken for dead finds its file gone
// when it wakes, and no other file under that name: it looks again, or ends.
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ifShort } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { readToken } from '../state/run-token.ts'
import { readTemporaryName, type TemporaryName } from '../state/temporary-names.ts'
import { HEARTBEAT_TIMEOUT_MS } from './heartbeat.ts'
import { type Life, lifeOfMaker } from './lock-owner.ts'

/** Where runs leave files, and what they are known by. */
export interface StaleFileSearch {
  readonly folder: string
  /** That of the IDs in their names; see `run-token.ts`. */
  readonly key: Buffer
  /** The user whose files may be removed, as the file system has it; null where it knows none. */
  readonly user: number | null
  /** The time by the file system's clock, in ms. */
  readonly now: number
}

/** What runs of this user have in a folder, at work or left. Empty where it cannot be read. */
export async function temporariesIn(folder: string, key: Buffer): Promise<TemporaryName[]> {
  const names = await withDescriptor(() => readdir(folder)).catch(() => [])
  const read = names.map(readTemporaryName).filter((name) => name !== null)
  return read.filter(({ token }) => readToken(token, key) !== null)
}

/** Removes those of the files `found` whose run has ended, or cannot be asked and has not touched them for a minute. */
export async function removeStale(found: readonly TemporaryName[], search: StaleFileSearch): Promise<void> {
  for (const { file, stage, token } of found) {
    const path = join(search.folder, `${file}.${stage}.${token}`)
    const life = lifeOf(token, search.key)
    if (life === null || life === 'alive' || !(await isFileOf(path, search.user))) continue
    if (life === 'unknown' && Math.abs(search.now - (await touchedAt(path))) <= HEARTBEAT_TIMEOUT_MS) continue
    await rm(path, { force: true }).catch(() => undefined)
  }
}

/** Null where no run has made the token, and where there is no descriptor to look at its process: then it stays. */
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
