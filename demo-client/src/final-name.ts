// How a complete part file becomes the file: dated, flushed, and given its name in one step.
import type { Stats } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DownloadError, fileError, systemCode } from './errors.ts'
import { flushDirectory, flushFile } from './flush.ts'
import { existsError } from './place.ts'
import type { Shortfalls } from './shortfall.ts'

/** A complete file under its part name. */
export interface Complete {
  readonly file: FileHandle
  readonly path: string
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
  readonly shortfalls: Shortfalls
}

/**
 * Gives a file its final name, flushed. That also survives a power cut. Checks first that the part name still leads to
 * this very file.
 * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where another file has taken the name
 */
export async function giveFinalName(complete: Complete, name: FinalName): Promise<void> {
  const { file } = complete
  const { path, previous, mtime, shortfalls } = name
  const mode = previous === null ? null : await keepOwner(file, previous)
  // Until it has its name this user must be able to open it again. Nobody else may more than they will.
  if (mode !== null) await file.chmod(mode | 0o600).catch(() => shortfalls.note('modes'))
  if (mtime !== null) await file.utimes(mtime, mtime).catch(() => shortfalls.note('dates'))
  if (!(await flushFile(file, 'all'))) shortfalls.note('flushes')
  await assertNamed(complete)
  try {
    if (name.existing === 'replace') await rename(complete.path, path)
    else await takeFreeName(complete, name)
    // Two names of one file are left by link(2), and by a rename from one to the other. The final one is what counts.
    await rm(complete.path, { force: true }).catch(() => undefined)
    if (mode !== null && (mode & 0o600) !== 0o600)
      await file.chmod(mode).catch(() => shortfalls.note('modes'))
    if (!(await flushDirectory(dirname(path)))) shortfalls.note('flushes')
  } catch (error) {
    throw fileError(error, path)
  }
}

/** Gives it the owner and group of the file it replaces, if that is allowed. Returns the mode it is to have. */
async function keepOwner(file: FileHandle, { uid, gid, mode }: Stats): Promise<number> {
  const mine = await file.stat()
  const isAllowed = async (owner: number, group: number): Promise<boolean> =>
    await file.chown(owner, group).then(
      () => true,
      () => false,
    )
  const hasGroup = mine.gid === gid || (await isAllowed(mine.uid, gid))
  if (mine.uid !== uid) await isAllowed(uid, hasGroup ? gid : mine.gid)
  // Never set-user-ID: the bytes are new. What the old group was allowed is not for another one.
  return hasGroup ? mode & 0o777 : (mode & 0o707) | ((mode & 0o007) << 3)
}

async function assertNamed({ file, path }: Complete): Promise<void> {
  const [mine, named] = await Promise.all([
    file.stat({ bigint: true }),
    lstat(path, { bigint: true }).catch(() => null),
  ])
  if (named !== null && named.ino === mine.ino && named.dev === mine.dev) return
  const reason = 'another file has taken its name, or it was deleted, while it was being written'
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `${path}: ${reason}; run again`)
}

/** A rename would replace a file that somebody has made meanwhile; link(2) fails then. */
async function takeFreeName(complete: Complete, { path, shortfalls }: FinalName): Promise<void> {
  try {
    await link(complete.path, path)
  } catch (error) {
    // A network file system may do it, lose the answer, and say on the second try that the name is taken.
    if (systemCode(error) !== 'EEXIST') {
      await takeWithoutLink(complete.path, path)
      shortfalls.note('hard-links')
      return
    }
    if (!(await isSame(complete.file, path))) throw existsError(path)
  }
}

async function isSame(file: FileHandle, path: string): Promise<boolean> {
  const [mine, other] = await Promise.all([file.stat({ bigint: true }), lstat(path, { bigint: true })])
  return mine.nlink > 1n && mine.ino === other.ino && mine.dev === other.dev
}

/**
 * File systems refuse link(2) with many codes, Android's and some of FUSE with EACCES or ENOSYS. Where the reason is
 * another one, this fails too. An empty file of our own holds the name, and is replaced.
 */
async function takeWithoutLink(from: string, to: string): Promise<void> {
  try {
    await (await open(to, 'wx')).close()
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? existsError(to) : error
  }
  try {
    if (!(await isEmpty(to))) throw existsError(to)
    await rename(from, to)
  } catch (error) {
    if (await isEmpty(to).catch(() => false)) await rm(to, { force: true }).catch(() => undefined)
    throw error
  }
}

async function isEmpty(path: string): Promise<boolean> {
  const found = await lstat(path)
  return found.isFile() && found.size === 0
}
