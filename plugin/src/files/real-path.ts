import { lstat, readlinkSync, realpath, stat } from 'node:fs'
import { sep } from 'node:path'
import { promisify } from 'node:util'
import { systemCode } from '../errors.ts'

const statPath = promisify(stat)
const lstatPath = promisify(lstat)

/** A path with every symlink followed. */
export const realPathOf: (path: string) => Promise<string> = promisify(realpath.native)

/** What identifies a file. */
export interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

/**
 * The path of an open file as Linux knows it by the descriptor, also if the name now leads to another file (then it adds
 * ` (deleted)` to the name). Undefined on other systems. This does not wait for a disk: the kernel makes the text of names
 * that it holds in memory while the file is open, and asks no file system.
 */
export function pathKnownOf(fd: number): string | undefined {
  return pathBytesOf(fd)?.toString()
}

/** The bytes of {@link pathKnownOf}, which are not always UTF-8. */
export function pathBytesOf(fd: number): Buffer | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return readlinkSync(`/proc/self/fd/${fd}`, 'buffer')
  } catch {
    // There may be no /proc.
    return undefined
  }
}

/**
 * Whether a path can be used as a path. Node writes U+FFFD for bytes of a name that are not UTF-8: such a text says in
 * which folder a file is, but leads nowhere, or to another file.
 */
export function isExact(path: string): boolean {
  return !path.includes('\ufffd')
}

/**
 * The real path of an opened file. A file system that ignores case may know a folder by a spelling that others have used
 * before: then that of the root counts. Where case counts, the path that is followed has the same spelling.
 *
 * @param known the path by the descriptor
 * @param follow follows the path by which the file was opened
 */
export async function realPathOfOpened(
  known: string | undefined,
  realRoot: string,
  follow: () => Promise<string>,
): Promise<string> {
  if (known === undefined) return follow()
  if (isBelow(realRoot, known)) return known
  // The path may lead nowhere by now.
  const followed = await follow().catch(() => known)
  return known.toLowerCase() === followed.toLowerCase() ? followed : known
}

/** What a path leads to now; undefined for nothing. Symlinks are followed. */
export async function identityAt(path: string | Buffer): Promise<Identity | undefined> {
  try {
    return await statPath(path, { bigint: true })
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/**
 * Whether a real path lies below the root. Every prefix of a real path is a real path too. So the root needs to be resolved
 * only if the path does not start with it, and then in each check, since deployments swap it.
 */
export async function isInside(root: string, realPath: string): Promise<boolean> {
  return isBelow(root, realPath) || isBelow(await realPathOf(root), realPath)
}

/** Whether a real path lies below a real folder. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Whether a real path now leads to another file or to none. Then the file was renamed or removed. False if that cannot be said. */
export async function leadsElsewhere(realPath: string, { dev, ino }: Identity): Promise<boolean> {
  if (!isExact(realPath)) return false
  try {
    const there = await lstatPath(realPath, { bigint: true })
    return there.ino !== ino || there.dev !== dev
  } catch (error) {
    return isGone(error)
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')
}
