import { lstat, readlink, realpath, stat } from 'node:fs'
import { sep } from 'node:path'
import { promisify } from 'node:util'
import { systemCode } from '../errors.ts'

const readLink = promisify(readlink)
const statPath = promisify(stat)
const lstatPath = promisify(lstat)

/** A path with every symlink followed. */
export const realPathOf: (path: string) => Promise<string> = promisify(realpath.native)

/** What says which file a descriptor is open on. */
interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

/**
 * Where an open file lies. Linux tells it of the descriptor itself, also when the name leads to another file by now
 * (it then adds ` (deleted)` to the name). Elsewhere the path is followed once more and must lead to the same file.
 *
 * @returns undefined when the path leads to another file by now, and nothing tells where this one lies
 */
export async function realPathOfOpen(
  fd: number,
  identity: Identity,
  path: string,
): Promise<string | undefined> {
  const told =
    process.platform === 'linux' ? await readLink(`/proc/self/fd/${fd}`).catch(() => undefined) : undefined
  if (told !== undefined) return told
  const realPath = await realPathOf(path)
  const there = await statPath(realPath, { bigint: true })
  return there.ino === identity.ino && there.dev === identity.dev ? realPath : undefined
}

/**
 * Whether a real path lies below the root. Every prefix of a real path is real itself; so the root has to be resolved
 * only where the path does not start with it, and then at each look, since deployments swap it.
 */
export async function isInside(root: string, realPath: string): Promise<boolean> {
  return isBelow(root, realPath) || isBelow(await realPathOf(root), realPath)
}

/** Whether a real path lies below a real folder. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Whether a real path leads to another file than it did, or to none: the file was renamed or removed. */
export async function leadsElsewhere(realPath: string, { dev, ino }: Identity): Promise<boolean> {
  try {
    const there = await lstatPath(realPath, { bigint: true })
    return there.ino !== ino || there.dev !== dev
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')
  }
}
