// What is at the path of a finished file: nothing, a file, or something that is never replaced.
import type { Stats } from 'node:fs'
import { lstat, readlink, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DownloadError, fileError, systemCode } from '../errors.ts'

/** What is there. `path` is where symbolic links lead, or the path that was asked about. */
export type PathEntry =
  | { readonly kind: 'nothing'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly stats: Stats }

/** As many symbolic links as Linux follows. */
const MAX_LINKS = 40
/** Folders of a process's open descriptors. /dev/stdout leads there. */
const DESCRIPTOR_FOLDERS = /^(?:\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/fd|\/dev\/fd)$/
const FILE_ADVICE = 'Give the name of a file'
const FOLDER_ADVICE = 'Give the path of a file, or use -d (in the library { directory })'
/** The mode of a folder such as /tmp, in which all users may write but delete only their own files. */
const STICKY_SHARED_MODE = 0o1002

/**
 * Checks what is at `path`, and follows symbolic links.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is an open descriptor such as standard output;
 * `ERR_DOWNLOAD_UNWRITABLE` if it is a directory, a device, a FIFO, a socket, or a link that must not be followed
 */
export async function entryAt(path: string): Promise<PathEntry> {
  let at = path
  for (let links = 0; links <= MAX_LINKS; links++) {
    const found = await realpath(dirname(at)).catch(() => null)
    const folder = found ?? dirname(at) // lstat() reports what is wrong with it
    if (DESCRIPTOR_FOLDERS.test(folder)) throw descriptor(path)
    const stats = await statsOf(at, found)
    if (stats === null && links === 0) return { kind: 'nothing', path }
    if (stats === null) throw inTheWay(path, `it is a symbolic link to ${at}, which does not exist`)
    if (stats.isFile()) return { kind: 'file', path: at, stats }
    if (!stats.isSymbolicLink()) {
      const reason = `${links === 0 ? 'it is' : 'it leads to'} ${nameOf(stats)}`
      throw inTheWay(path, reason, stats.isDirectory() ? FOLDER_ADVICE : FILE_ADVICE)
    }
    await assertTrusted(path, stats, folder)
    at = resolve(folder, await readlink(at))
  }
  throw inTheWay(path, 'its symbolic links lead in a circle')
}

/** The error for a file that must not be replaced. */
export function existsError(path: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_EXISTS', `${path} already exists and was not changed`)
}

/** Null if nothing is at `path`. `folder`: where its directory really is; null if it cannot be found. */
async function statsOf(path: string, folder: string | null): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && folder !== null) return null
    throw fileError(error, path)
  }
}

/**
 * In a shared folder, another user's link could lead to any file of ours. The rule is that of Linux
 * (`fs.protected_symlinks`): follow a link there only if it belongs to this user or to the folder's owner.
 */
async function assertTrusted(path: string, link: Stats, folder: string): Promise<void> {
  const user = process.geteuid?.() ?? link.uid
  if (link.uid === user) return
  const { mode, uid } = await lstat(folder)
  if ((mode & STICKY_SHARED_MODE) !== STICKY_SHARED_MODE || uid === link.uid) return
  throw inTheWay(path, 'it is a symbolic link of another user, in a folder to which all users may write')
}

function nameOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

function inTheWay(path: string, reason: string, advice: string = FILE_ADVICE): DownloadError {
  const message = `cannot write ${path}: ${reason}. It was not changed. ${advice}`
  return new DownloadError('ERR_DOWNLOAD_UNWRITABLE', message)
}

function descriptor(path: string): DownloadError {
  const reason =
    'an open descriptor such as standard output has no name; -o - (in the library a stream) writes to it'
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${path}: ${reason}. Give the name of a file`)
}
