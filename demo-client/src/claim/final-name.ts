// How a complete part file becomes the file: dated, flushed, and given its name in one step.
//
// A run may be frozen at any point, and another one take its place. So the file first gets a name that only this run uses,
// then its inode is looked at, then the lock. A run that takes over the lock takes that name away before anything else:
// what this run does to it later fails. No other file can ever have that name.
import type { Stats } from 'node:fs'
import { type FileHandle, link, lstat, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DownloadError, fileError, ifShort, systemCode } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { flushDirectory, flushFile } from '../files/flush.ts'
import { exists, isSameFile, moveToFree } from '../files/free-name.ts'
import { existsError } from '../files/path-entry.ts'
import type { Placeholder } from '../state/journal-format.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import type { Warnings } from '../text/warnings.ts'
import { isPlaceholder, makePlaceholder, removePlaceholder } from './placeholder.ts'

/** A complete file under its part name. */
export interface CompleteFile {
  readonly file: FileHandle
  readonly path: string
}

/** The run that writes it. */
export interface Publisher {
  /** A path beside it that only this run uses; see {@link temporaryPath}. */
  readonly ownPath: string
  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where another run has taken over */
  readonly assertHeld: () => Promise<void>
  /** Records what holds the final name, before the file replaces it. */
  readonly record: (placeholder: Placeholder) => Promise<void>
}

/** What becomes of it. */
export interface FinalName {
  /** The name it gets. */
  readonly path: string
  /** May a file that has this name be replaced? */
  readonly existing: 'refuse' | 'replace'
  /** The file to be replaced, whose mode and owner are kept; null: nothing is replaced. */
  readonly previous: Stats | null
  /** The date it gets; null: that of the last write. */
  readonly mtime: Date | null
  readonly warnings: Warnings
}

/**
 * Gives a file its final name, flushed. That also survives a power cut. Where it fails the file is under its part name
 * again.
 * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where another file has taken the name, `ERR_DOWNLOAD_BUSY` where another run
 * has taken over
 */
export async function giveFinalName(
  complete: CompleteFile,
  name: FinalName,
  publisher: Publisher,
): Promise<void> {
  const { file } = complete
  const { path, previous, mtime, warnings } = name
  const mode = previous === null ? null : await keepOwner(file, previous, warnings)
  // Until it has its name this user must be able to open it again. Nobody else may more than they will.
  if (mode !== null) await file.chmod(mode | 0o600).catch(() => warnings.add('modes'))
  if (mtime !== null) await file.utimes(mtime, mtime).catch(() => warnings.add('dates'))
  if (!(await flushFile(file, 'all'))) warnings.add('flushes')
  const own = { file, path: publisher.ownPath }
  try {
    await moveToOwnName(complete, own)
    try {
      await publisher.assertHeld()
      if (name.existing === 'replace') await rename(own.path, path)
      else await takeFreeName(own, name, publisher)
    } catch (error) {
      await renameBack(own, complete.path)
      if (systemCode(error) === 'ENOENT') await publisher.assertHeld() // who has taken over has taken it away
      throw error
    }
    // Two names of one file are left by link(2), and by a rename from one to the other. The final one is what counts.
    await rm(own.path, { force: true }).catch(() => undefined)
    if (mode !== null && (mode & 0o600) !== 0o600) await file.chmod(mode).catch(() => warnings.add('modes'))
    // The file is there by now: a shortage only leaves its name less certain.
    const isFlushed = await flushDirectory(dirname(path)).catch(ifShort(null))
    if (isFlushed !== true) warnings.add(isFlushed === null ? 'name' : 'flushes')
  } catch (error) {
    throw fileError(error, path)
  }
}

/**
 * Takes back the complete file of the run with this token, which has ended or from which the lock was taken: it goes on
 * as a part file, unless it has the final name already.
 */
export async function restorePart(part: string, token: string): Promise<void> {
  const path = temporaryPath(part, 'done', token)
  if (!(await exists(path))) return
  try {
    if (await isFinished(path, part)) await rm(path, { force: true })
    else if ((await moveToFree(path, part)) === 'taken') await rm(path, { force: true })
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, path) // else it is not frozen, and was faster
  }
}

/** Has link(2) given the complete file `path` another name in its folder than that of the part file? */
async function isFinished(path: string, part: string): Promise<boolean> {
  if ((await lstat(path)).nlink === 1) return false
  const folder = dirname(path)
  for (const name of await withDescriptor(() => readdir(folder))) {
    if (name === basename(path) || name === basename(part)) continue
    if (await isSameFile(path, join(folder, name))) return true
  }
  return false
}

/** Gives it the owner and group of the file it replaces, if that is allowed. Returns the mode it is to have. */
async function keepOwner(file: FileHandle, { uid, gid, mode }: Stats, warnings: Warnings): Promise<number> {
  const mine = await file.stat()
  const mayChown = async (owner: number, group: number): Promise<boolean> =>
    await file.chown(owner, group).then(
      () => true,
      () => false,
    )
  const hasGroup = mine.gid === gid || (await mayChown(mine.uid, gid))
  const hasOwner = mine.uid === uid || (await mayChown(uid, hasGroup ? gid : mine.gid))
  if (!hasOwner || !hasGroup) warnings.add('owner')
  // The kernel drops set-user-ID and set-group-ID with a write, and here all bytes are new.
  if ((mode & 0o7000) !== 0) warnings.add('special-modes')
  // What the old group was allowed is not for another one.
  return hasGroup ? mode & 0o777 : (mode & 0o707) | ((mode & 0o007) << 3)
}

/** Only the name can be moved; what has it is seen afterwards. What is not ours goes back. */
async function moveToOwnName({ path }: CompleteFile, own: CompleteFile): Promise<void> {
  const isMoved = await rename(path, own.path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    },
  )
  if (isMoved && (await isOpenFile(own))) return
  if (isMoved) await renameBack(own, path)
  const reason = 'another file has taken its name, or it was deleted, while it was being written'
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `${path}: ${reason}; run again`)
}

/** A run that has taken over may have moved it, or have a file of its own under the part name. */
async function renameBack(own: CompleteFile, part: string): Promise<void> {
  const outcome = await moveToFree(own.path, part).catch(() => 'gone')
  if (outcome === 'taken' && (await isOpenFile(own)))
    await rm(own.path, { force: true }).catch(() => undefined)
}

async function isOpenFile({ file, path }: CompleteFile): Promise<boolean> {
  const [mine, named] = await Promise.all([
    file.stat({ bigint: true }),
    lstat(path, { bigint: true }).catch(() => null),
  ])
  return named !== null && named.ino === mine.ino && named.dev === mine.dev
}

/** A rename would replace a file that somebody has made meanwhile; link(2) fails then. */
async function takeFreeName(
  complete: CompleteFile,
  { path, warnings }: FinalName,
  { record }: Publisher,
): Promise<void> {
  try {
    await link(complete.path, path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error
    // A network file system may do it, lose the answer, and say on the second try that the name is taken.
    if (systemCode(error) !== 'EEXIST') {
      await takeWithoutLink(complete.path, path, record)
      warnings.add('hard-links')
      return
    }
    const { nlink } = await complete.file.stat()
    if (nlink === 1 || !(await isOpenFile({ file: complete.file, path }))) throw existsError(path)
  }
}

/**
 * File systems refuse link(2) with many codes, Android's and some of FUSE with EACCES or ENOSYS. Where the reason is
 * another one, this fails too. An empty file of our own holds the name, and is replaced.
 */
async function takeWithoutLink(from: string, to: string, record: Publisher['record']): Promise<void> {
  const placeholder = await makePlaceholder(to)
  try {
    await record(placeholder)
    if (!(await isPlaceholder(to, placeholder))) throw existsError(to)
    await rename(from, to)
  } catch (error) {
    await removePlaceholder(to, placeholder)
    throw error
  }
}
