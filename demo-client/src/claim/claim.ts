// Finds the state files of a download and locks them. A file that is not proven to be from a run of ours is never touched.
import { lstat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { DownloadError, fileError, systemCode, unlessShort } from '../errors.ts'
import { fileIdOf, isSameFileId } from '../files/file-id.ts'
import { exists } from '../files/free-name.ts'
import { sealedKey } from '../state/journal-format.ts'
import { hashOf, pathForKey, type StatePaths, statePaths } from '../state/state-paths.ts'
import { cleanUp, removeStaleLockDrafts } from './cleanup.ts'
import { folderNames } from './folder-names.ts'
import { loadJournal } from './journal-file.ts'
import { Lock, type LockOptions } from './lock.ts'
import { readOwner } from './lock-file.ts'
import type { Owner } from './lock-owner.ts'

/** The download whose state is claimed. */
export interface ClaimOptions {
  /** The final path, as far as it is known. */
  readonly path: string
  /** `'suggested'`: the server may still name the file, and other downloads may have the same path until then. */
  readonly naming: 'chosen' | 'suggested'
  readonly key: string
  readonly secret: Buffer
  /** Ends the wait for a heartbeat of the lock's owner. */
  readonly signal: AbortSignal | null
}

/** The paths of a download's state. No other run uses them while the lock is held. */
export interface Claim {
  readonly paths: StatePaths
  readonly lock: Lock
  /** Can no journal be there, not even after a power cut? */
  readonly isFresh: boolean
  /** Was nothing under the name of the part file? */
  readonly hasNoPart: boolean
  /** Names of files that were there and are not proven to be ours. They stay. */
  readonly skipped: readonly string[]
}

/** A download tries at most this many names of its own. */
const MAX_OWN_NAMES = 20

/**
 * Locks the state of a download. If the path was only suggested, the first download keeps its state under that name.
 * Every other one uses a name made from its key, so that each of them can be resumed. A download also uses such a name
 * if files that are not proven to be ours have the first one.
 * @throws DownloadError `ERR_DOWNLOAD_BUSY` if a living process has the lock; `ERR_DOWNLOAD_UNWRITABLE` if something
 * other than a file, or too many files, are in the way
 */
export async function claim(options: ClaimOptions): Promise<Claim> {
  const plain = statePaths(options.path)
  const first = ownPaths(options, 1)
  const lock = await lockUntouched(options, { plain, own: first })
  if (lock !== null) return { paths: plain, lock, isFresh: true, hasNoPart: true, skipped: [] }
  // A download that used its own name before uses it again, even if the plain name has become free.
  const hasOwn = (await Promise.all([first.part, first.lock].map(exists))).includes(true)
  const skipped: string[] = []
  for (let at = hasOwn ? 1 : 0; at <= MAX_OWN_NAMES; at++) {
    const paths = at === 0 ? plain : ownPaths(options, at)
    const isShared = at === 0 && options.naming === 'suggested'
    const lock = isShared ? await lockShared(options, paths) : await Lock.acquire(lockOptions(options, paths))
    if (lock === null) continue
    // What a killed run has left is removed first.
    if (!isShared) await orRelease(lock, () => cleanUp({ paths, lock, secret: options.secret }))
    const { foreign, hasJournal, hasPart } = await orRelease(lock, () => findFiles(options.secret, paths))
    if (foreign.length === 0) return { paths, lock, isFresh: !hasJournal, hasNoPart: !hasPart, skipped }
    skipped.push(...foreign)
    await lock.release('recorded')
  }
  const advice = 'Delete or rename these files, or choose another name for the download'
  throw new DownloadError(
    'ERR_DOWNLOAD_UNWRITABLE',
    `cannot write ${options.path}: ${skipped[0]} and ${skipped.length - 1} more files are in the way, and nothing proves that range-get made them. ${advice}`,
  )
}

interface FirstPaths {
  readonly plain: StatePaths
  readonly own: StatePaths
}

/**
 * The lock of a download of which no run has left anything; null if there may be something. Then it is released. Most downloads
 * are such ones, and a list of the folder, which is read after the lock is made, shows it in one look: all that is looked for
 * otherwise would be in it. In a large folder the list may be older. Then the names that a run leaves without a lock are looked
 * at; files that it only has under a lock were not left, because there was none.
 */
async function lockUntouched(options: ClaimOptions, { plain, own }: FirstPaths): Promise<Lock | null> {
  const lock = await Lock.attemptNew(lockOptions(options, plain))
  if (lock === null) return null
  return await orRelease(lock, async () => {
    const found = await folderNames.of(dirname(plain.part))
    if (found !== null && !found.names.mayBeOf({ plain: baseOf(plain), own: baseOf(own) })) {
      const left = [plain.part, plain.journal, own.part, own.journal, own.lock]
      if (found.isCurrent || !(await Promise.all(left.map(exists))).includes(true)) {
        await removeStaleLockDrafts({ paths: plain, secret: options.secret }, found.names)
        return lock
      }
    }
    await lock.release('recorded')
    return null
  })
}

function baseOf({ part, lock }: StatePaths): { readonly part: string; readonly lock: string } {
  return { part: basename(part), lock: basename(lock) }
}

function ownPaths({ path, key }: ClaimOptions, at: number): StatePaths {
  return statePaths(pathForKey(path, at === 1 ? key : `${key}\n${at}`))
}

/** The lock of a name that several downloads may use; null if another download uses it. */
async function lockShared(options: ClaimOptions, paths: StatePaths): Promise<Lock | null> {
  const owner = await readOwner(paths.lock).catch(unlessShort(null, paths.lock))
  if (!(await isOurs(options, paths, owner))) return null
  const got = await Lock.attempt(lockOptions(options, paths))
  if (!(got instanceof Lock) && got.holder?.key !== hashOf(options.key)) return null
  const lock = got instanceof Lock ? got : await Lock.acquire(lockOptions(options, paths))
  await orRelease(lock, () => cleanUp({ paths, lock, secret: options.secret }))
  // Another download may have used the name in the meantime.
  if (await isOurs(options, paths, lock.predecessor?.owner ?? null)) return lock
  await lock.release('recorded')
  return null
}

/** Releases the lock if `work` fails. */
async function orRelease<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await lock.release('recorded')
    throw error
  }
}

interface FoundFiles {
  /** The names of files that are not proven to be from an earlier run. */
  readonly foreign: readonly string[]
  readonly hasJournal: boolean
  /** Is anything there under the name of the part file? */
  readonly hasPart: boolean
}

async function findFiles(secret: Buffer, paths: StatePaths): Promise<FoundFiles> {
  const found = await loadJournal(paths.journal, secret)
  const part = await lstat(paths.part, { bigint: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null
    throw fileError(error, paths.part)
  })
  const hasJournal = found.kind !== 'none'
  const names = found.kind === 'unproven' ? [basename(paths.journal)] : []
  if (part === null || !part.isFile()) return { foreign: names, hasJournal, hasPart: part !== null } // anything but a file is refused when it is opened
  const mark = await fileIdOf(part, dirname(paths.part))
  const isProven =
    found.kind === 'proven' &&
    found.record.name === basename(paths.part) &&
    isSameFileId(found.record.part, mark)
  return { foreign: isProven ? names : [...names, basename(paths.part)], hasJournal, hasPart: true }
}

function lockOptions({ path, key, secret, signal }: ClaimOptions, { lock }: StatePaths): LockOptions {
  return { path: lock, key: hashOf(key), secret, output: path, signal }
}

/** Is the state under these names missing, or from this download? */
async function isOurs(
  { key, secret }: ClaimOptions,
  paths: StatePaths,
  owner: Owner | null,
): Promise<boolean> {
  if (!(await exists(paths.part)) || owner?.key === hashOf(key)) return true
  const found = await loadJournal(paths.journal, secret).catch(unlessShort(null, paths.journal))
  return found?.kind === 'proven' && found.record.key === sealedKey(key, secret)
}
