import { lstat, readlink, realpath, stat } from 'node:fs'
import { sep } from 'node:path'
import { promisify } from 'node:util'
import { systemCode } from '../errors.ts'

const readLink = promisify(readlink)
const statPath = promisify(stat)
const lstatPath = promisify(lstat)

/** A path with every symlink followed. */
export const realPathOf: (path: string) => Promise<string> = promisify(realpath.native)

/** What identifies the file of a descriptor. */
interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

/**
 * The path of an open file. Linux knows it by the descriptor, also if the name now leads to another file (then it adds
 * ` (deleted)` to the name). On other systems the path is followed again and must lead to the same file.
 *
 * @returns undefined if the path now leads to another file, and the path of this one is not known
 */
export async function realPathOfOpen(
  fd: number,
  identity: Identity,
  path: string,
): Promise<string | undefined> {
  const known =
    process.platform === 'linux' ? await readLink(`/proc/self/fd/${fd}`).catch(() => undefined) : undefined
  if (known !== undefined) return known
  const realPath = await realPathOf(path)
  const there = await statPath(realPath, { bigint: true })
  return there.ino === identity.ino && there.dev === identity.dev ? realPath : undefined
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

/** Whether a real path now leads to another file or to none. Then the file was renamed or removed. */
export async function leadsElsewhere(realPath: string, { dev, ino }: Identity): Promise<boolean> {
  try {
    const there = await lstatPath(realPath, { bigint: true })
    return there.ino !== ino || there.dev !== dev
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')
  }
}
