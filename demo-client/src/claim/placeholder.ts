// Where a file system has no hard links, an empty file holds the final name until the finished one replaces it. A kill in
// between leaves it there: the journal says which file it is, so that the next run takes it away, and no other one.
import { type BigIntStats, closeSync, fstatSync, openSync } from 'node:fs'
import { lstat, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemCode, unlessShort } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { fileIdOf, isSameFileId } from '../files/file-id.ts'
import { existsError } from '../files/path-entry.ts'
import type { Placeholder } from '../state/journal-format.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { loadJournal } from './journal.ts'

/** FAT keeps times to two seconds; in ns. */
const COARSEST_TIME_NS = 2_000_000_000n

/**
 * Makes an empty file at `path`. It is to be recorded before anything else is done: until then a kill leaves a file that
 * nobody knows. So this does not wait for the event loop.
 * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where the name is taken
 */
export async function makePlaceholder(path: string): Promise<Placeholder> {
  let stats: BigIntStats
  try {
    stats = await withDescriptor(() => {
      const file = openSync(path, 'wx')
      try {
        return fstatSync(file, { bigint: true })
      } finally {
        closeSync(file)
      }
    })
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? existsError(path) : error
  }
  const file = await fileIdOf(stats, dirname(path))
  return { name: basename(path), file, written: String(stats.mtimeNs) }
}

/** Is the file at `path` this one, and as it was made? */
export async function isPlaceholder(path: string, { name, file, written }: Placeholder): Promise<boolean> {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  if (stats === null || !stats.isFile() || stats.size > 0n || name !== basename(path)) return false
  const apart = stats.mtimeNs - BigInt(written)
  const isUntouched = file === null ? apart < COARSEST_TIME_NS && -apart < COARSEST_TIME_NS : apart === 0n
  return isUntouched && isSameFileId(file, await fileIdOf(stats, dirname(path)))
}

/** Deletes it, unless something else has the name by now. */
export async function removePlaceholder(path: string, placeholder: Placeholder): Promise<void> {
  if (await isPlaceholder(path, placeholder)) await rm(path, { force: true }).catch(() => undefined)
}

/** Is the file at `path` one that a run has left whose state is there? */
export async function hasPlaceholder(paths: StatePaths, path: string, secret: Buffer): Promise<boolean> {
  const left = await recorded(paths, secret)
  return left !== null && (await isPlaceholder(path, left))
}

/** Deletes what the run whose state is there has left. The lock must be held. */
export async function removeLeftPlaceholder(paths: StatePaths, secret: Buffer): Promise<void> {
  const left = await recorded(paths, secret)
  if (left !== null) await removePlaceholder(join(dirname(paths.journal), basename(left.name)), left)
}

async function recorded({ journal }: StatePaths, secret: Buffer): Promise<Placeholder | null> {
  const found = await loadJournal(journal, secret).catch(unlessShort(null, journal))
  return found?.kind === 'proven' ? (found.record.placeholder ?? null) : null
}
