// Turns a complete part file into the finished file: sets its date, flushes it, and gives it its name in one step.
//
// A run may be frozen at any point while another one takes over. So the file first gets a name that only this run uses, if it
// does not have it yet.
// Then its inode is checked, and then the lock. A run that takes over the lock removes that name before it does anything
// else, so later operations of this run on it fail. No other file can ever have that name.
import type { BigIntStats, Stats } from 'node:fs'
import { type FileHandle, link, lstat, readdir, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DownloadError, fileError, systemCode } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { flushDirectory } from '../files/flush.ts'
import { exists, isSameFile, moveToFree } from '../files/free-name.ts'
import { existsError } from '../files/path-entry.ts'
import { removeFile } from '../files/remove-file.ts'
import type { Placeholder } from '../state/journal-format.ts'
import { readTemporaryName, temporaryPath } from '../state/temporary-names.ts'
import type { Warnings } from '../text/warnings.ts'
import { flushWhole, type WholeFile } from './flush-whole.ts'
import { isPlaceholder, makePlaceholder, removePlaceholder } from './placeholder.ts'

/** How often to look for the part file, with a pause in between. */
const MAX_LOOKS = 20
const LOOK_PAUSE_MS = 20

/** A complete file under its part name. */
export interface CompleteFile {
  readonly file: FileHandle
  readonly path: string
}

/** The run that gives the name. */
export interface Publisher {
  /** A path beside it, or its own, that only this run uses; see {@link temporaryPath}. */
  readonly ownPath: string
  /** Reads the file: does it have the bytes that the run has written? */
  readonly isIntact: () => Promise<boolean>
  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` if another run has taken over */
  readonly assertHeld: () => Promise<void>
  /** Records the placeholder that has the final name, before the file replaces it. */
  readonly record: (placeholder: Placeholder) => Promise<void>
}

/** The name that the file gets, and how. */
export interface FinalName extends WholeFile {
  /** The path it gets. */
  readonly path: string
  /** Whether a file of this name may be replaced. */
  readonly existing: 'refuse' | 'replace'
  /** The file to be replaced; the new one gets its mode and owner. Null: nothing is replaced. */
  readonly previous: Stats | null
  /** Whether a record will be kept about it. */
  readonly isRecorded: boolean
  /** Calls `give`, which gives the file its name, when nobody else may do so. `stats`: what the file system says about it. */
  readonly inTurn: (stats: BigIntStats, give: () => Promise<void>) => Promise<void>
}

/**
 * Flushes a file and gives it its final name, so that it survives a power cut. If this fails, the file is back under its
 * part name.
 * @returns what the file system says about it now; null if it will be recorded, and another program has written to it in the
 * meantime
 * @throws DownloadError as {@link flushWhole}; `ERR_DOWNLOAD_EXISTS` if another file has taken the name,
 * `ERR_DOWNLOAD_BUSY` if another run has taken over
 */
export async function giveFinalName(
  complete: CompleteFile,
  name: FinalName,
  publisher: Publisher,
): Promise<BigIntStats | null> {
  const { file } = complete
  const { path, previous, warnings } = name
  const mode = previous === null ? null : await keepOwner(file, previous, warnings)
  // Until the file has its name, this user must be able to open it again. Others get no more rights than in the end.
  if (mode !== null) await file.chmod(mode | 0o600).catch(() => warnings.add('modes'))
  const flushed = await flushWhole({ ...complete, isIntact: publisher.isIntact }, name)
  const own = { file, path: publisher.ownPath }
  try {
    await moveToOwnName(complete, own, flushed)
    try {
      await name.inTurn(flushed, async () => {
        await publisher.assertHeld()
        if (name.existing === 'replace') await rename(own.path, path)
        else await takeFreeName(own, name, publisher)
      })
    } catch (error) {
      await renameBack(own, complete.path)
      if (systemCode(error) === 'ENOENT') await publisher.assertHeld() // a run that has taken over has removed it
      throw error
    }
    // link(2), and a rename between two names of one file, leave both names. Only the final one is needed.
    await removeFile(own.path).catch(() => undefined)
    if (mode !== null && (mode & 0o600) !== 0o600) await file.chmod(mode).catch(() => warnings.add('modes'))
    // The file is there by now, so nothing is a failure any more. If its folder cannot be flushed, its name is not yet certain.
    const isFlushed = await flushDirectory(dirname(path)).catch(() => null)
    if (isFlushed !== true) warnings.add(isFlushed === null ? 'name' : 'flushes')
    if (!name.isRecorded) return flushed
    const now = await file.stat({ bigint: true }).catch(() => null)
    return now?.size === flushed.size && now.mtimeNs === flushed.mtimeNs ? now : null
  } catch (error) {
    throw fileError(error, path)
  }
}

/**
 * Makes the complete file of another run a part file again, unless it already has the final name. That run, with this
 * token, has ended or lost its lock.
 */
export async function restorePart(part: string, token: string): Promise<void> {
  const path = temporaryPath(part, 'done', token)
  if (!(await exists(path))) return
  try {
    if (await isFinished(path, part)) await removeFile(path)
    else if ((await moveToFree(path, part)) === 'taken') await removeFile(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, path) // otherwise the run is not frozen, and was faster
  }
}

/** Has link(2) given the complete file `path` another name in its folder than that of the part file? */
async function isFinished(path: string, part: string): Promise<boolean> {
  if ((await lstat(path)).nlink === 1) return false
  const folder = dirname(path)
  for (const name of await withDescriptor(() => readdir(folder))) {
    // A name of a run is none of the finished file: a system may have refused to delete it.
    if (name === basename(part) || readTemporaryName(name) !== null) continue
    if (await isSameFile(path, join(folder, name))) return true
  }
  return false
}

/** Gives the file the owner and group of the one it replaces, if that is allowed. Returns the mode to set. */
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
  // The kernel clears set-user-ID and set-group-ID when a file is written, and here all bytes are new.
  if ((mode & 0o7000) !== 0) warnings.add('special-modes')
  // The rights of the old group are not for another group.
  return hasGroup ? mode & 0o777 : (mode & 0o707) | ((mode & 0o007) << 3)
}

/** A rename moves whatever has the name, so the file is checked afterwards. One that is not ours, or was cut, is renamed back. */
async function moveToOwnName({ path }: CompleteFile, own: CompleteFile, mine: BigIntStats): Promise<void> {
  const isMoved = path === own.path || (await renameIfThere(path, own.path))
  if (isMoved && (await sameAt(own.path, mine))?.size === mine.size) return
  if (isMoved) await renameBack(own, path)
  const reason = 'another file has taken its name, or it was deleted or cut, while it was written'
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `${path}: ${reason}; run again`)
}

/**
 * A frozen run whose lock was deleted may have moved the file when it went on, and moves it back when it sees that it is not its
 * own. So this looks several times.
 */
async function renameIfThere(from: string, to: string): Promise<boolean> {
  for (let look = 1; ; look++) {
    try {
      await rename(from, to)
      return true
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
    if (look === MAX_LOOKS) return false
    await sleep(LOOK_PAUSE_MS)
  }
}

/** A run that has taken over may have moved the file, or may have its own file under the part name. */
async function renameBack(own: CompleteFile, part: string): Promise<void> {
  if (own.path === part) return
  const outcome = await moveToFree(own.path, part).catch(() => 'gone')
  if (outcome === 'taken' && (await isOpenFile(own))) await removeFile(own.path).catch(() => undefined)
}

async function isOpenFile({ file, path }: CompleteFile): Promise<boolean> {
  return (await sameAt(path, await file.stat({ bigint: true }))) !== null
}

/** What the file system says about the file at `path` if it is this one; otherwise null. */
async function sameAt(path: string, mine: BigIntStats): Promise<BigIntStats | null> {
  const named = await lstat(path, { bigint: true }).catch(() => null)
  return named?.ino === mine.ino && named.dev === mine.dev ? named : null
}

/** link(2) fails if another file has appeared. A rename would replace that file. */
async function takeFreeName(
  complete: CompleteFile,
  { path, warnings }: FinalName,
  { record }: Publisher,
): Promise<void> {
  try {
    await link(complete.path, path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw error
    // A network file system may make the link, lose its answer, and say on the second try that the name is taken.
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
 * File systems refuse link(2) with many codes; Android's and some of FUSE use EACCES or ENOSYS. If link(2) failed for
 * another reason, this fails too. Our own empty file reserves the name and is then replaced.
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
