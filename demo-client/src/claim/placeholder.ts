// On a file system without hard links, an empty file reserves the final name until the finished file replaces it. If the
// run is killed in between, the empty file stays. The journal identifies it, so that the next run removes exactly this file.
import { type BigIntStats, closeSync, fstatSync, openSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemCode, unlessShort } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { fileIdOf, isSameFileId } from '../files/file-id.ts'
import { existsError } from '../files/path-entry.ts'
import { removeFile } from '../files/remove-file.ts'
import type { Placeholder } from '../state/journal-format.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { loadJournal } from './journal-file.ts'

/** FAT rounds times to two seconds. */
const COARSEST_TIME_NS = 2_000_000_000n

/**
 * Makes an empty file at `path`. Record it at once: until then, a kill leaves a file that no run recognizes. So this does
 * not wait for the event loop.
 * @throws DownloadError `ERR_DOWNLOAD_EXISTS` if the name is taken
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

/** Is the file at `path` this placeholder, and unchanged? */
export async function isPlaceholder(path: string, { name, file, written }: Placeholder): Promise<boolean> {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  if (stats === null || !stats.isFile() || stats.size > 0n || name !== basename(path)) return false
  const apart = stats.mtimeNs - BigInt(written)
  const isUntouched = file === null ? apart < COARSEST_TIME_NS && -apart < COARSEST_TIME_NS : apart === 0n
  return isUntouched && isSameFileId(file, await fileIdOf(stats, dirname(path)))
}

/** Deletes it, unless another file has the name by now. */
export async function removePlaceholder(path: string, placeholder: Placeholder): Promise<void> {
  if (await isPlaceholder(path, placeholder)) await removeFile(path).catch(() => undefined)
}

/** Is the file at `path` the placeholder of the run that left this state? */
export async function hasPlaceholder(paths: StatePaths, path: string, secret: Buffer): Promise<boolean> {
  const left = await recorded(paths, secret)
  return left !== null && (await isPlaceholder(path, left))
}

/** Deletes the placeholder of the run that left this state. The lock must be held. */
export async function removeLeftPlaceholder(paths: StatePaths, secret: Buffer): Promise<void> {
  const left = await recorded(paths, secret)
  if (left !== null) await removePlaceholder(join(dirname(paths.journal), basename(left.name)), left)
}

async function recorded({ journal }: StatePaths, secret: Buffer): Promise<Placeholder | null> {
  const found = await loadJournal(journal, secret).catch(unlessShort(null, journal))
  return found?.kind === 'proven' ? (found.record.placeholder ?? null) : null
}
