import { close, constants, fstat, open, stat } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SendRangeError, systemCode } from '../errors.ts'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import type { FileOperations } from './file-operations.ts'
import { refusalOfCode, refusalOfKind } from './file-refusal.ts'
import {
  CLOCK_GRAIN_MS,
  type FileVersion,
  hasChangeTime,
  losesName,
  sameVersion,
  sameWrite,
  unsettledFor,
  versionOf,
} from './file-version.ts'
import { operationsOn } from './local-file-systems.ts'
import { OpenFile } from './open-file.ts'
import {
  type Identity,
  identityAt,
  isBelow,
  isExact,
  isInside,
  pathBytesOf,
  realPathOf,
  realPathOfOpened,
} from './real-path.ts'
import { rootIsNoFolder, rootKindOf } from './root-folder.ts'
import { SharedRuns } from './shared-run.ts'
import { type SeenFile, versionHistory } from './version-history.ts'

const openFd = promisify(open)
const closeFd = promisify(close)
const fstatFd = promisify(fstat)
const statPath = promisify(stat)

// O_NONBLOCK: opening a FIFO must not block a thread until something writes to it. Windows has neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)
// Linux only, and for the owner of a file only: our reads do not change the atime, so other changes of it are noticed.
const KEEP_ATIME = constants.O_NOATIME ?? 0
const ROOT_USER = 0

/** ERR_ACCESS_DENIED comes from Node's permission model (`--permission`). */
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'ERR_ACCESS_DENIED'])
const OVERLOADED = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])

/** The running look-ups of roots. Files that are opened together share one. */
const rootsUnderWay = new SharedRuns<string>()

/** Positions in a longer file are not exact. A sparse file may be that long. */
const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER

/** How often a file is opened that is replaced while it is being opened. */
const MAX_ATTEMPTS = 10

/** The files that were opened at a path, one after the other. */
type Seen = Set<string>

/** Where a file is. `path` must be below `root`, also after every symlink is followed. Both are absolute. */
export interface FileLocation {
  readonly root: string
  readonly path: string
}

/**
 * Opens a regular file inside the root. The caller releases it.
 *
 * @returns a reason if there is nothing to serve: it does not exist, is not a regular file, or lies outside the root
 * @throws SendRangeError `ERR_RANGE_PATH_FORBIDDEN`, `ERR_RANGE_OVERLOADED`, `ERR_RANGE_READ`; `ERR_RANGE_OPTION` for
 * a root that is a file; `ERR_RANGE_CHANGED` for a file that was another one each time that it was opened
 */
export async function openFile(location: FileLocation): Promise<OpenFile | Refusal> {
  const seen: Seen = new Set()
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const opened = await openOnce(location, seen)
      if (opened !== 'replaced') return opened
    }
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'ENOTDIR' && (await rootKindOf(location.root)) === 'no folder') {
      throw rootIsNoFolder(location.root)
    }
    const refusal = refusalOfCode(code)
    if (refusal !== undefined) return refusal
    throw accessError(code, error)
  }
  // There is a file, so 404 would be wrong. One file that the path never led to is not there.
  if (seen.size > 1)
    throw new SendRangeError('ERR_RANGE_CHANGED', 'The file was replaced while it was opened')
  return 'replaced'
}

function accessError(code: string, cause: unknown): SendRangeError {
  if (FORBIDDEN.has(code)) return new SendRangeError('ERR_RANGE_PATH_FORBIDDEN', 'Forbidden', { cause })
  if (!OVERLOADED.has(code))
    return new SendRangeError('ERR_RANGE_READ', 'The file could not be read', { cause })
  const headers = { 'retry-after': '1' }
  return new SendRangeError('ERR_RANGE_OVERLOADED', 'Too many open files, try again', { cause, headers })
}

async function openOnce({ root, path }: FileLocation, seen: Seen): Promise<OpenFile | Refusal> {
  // Below the resolved root: if the root is swapped in the meantime, a file of one release is not outside of the other.
  const realRoot = await realRootOf(root).catch(absentRoot)
  if (realRoot === undefined) return 'root-missing'
  const realPathWanted = join(realRoot, path.slice(root.length))
  const operations = operationsOn(realPathWanted)
  const opened = await operations
    .run(() => openDescriptor(realPathWanted))
    .catch(async (error: unknown) => {
      // After a swap, the old release is often removed at once.
      if ((await realRootOf(root)) === realRoot) throw error
      return 'replaced' as const
    })
  if (isRefusal(opened)) return opened
  const { fd } = opened
  let file: OpenFile | undefined
  try {
    const seenAt = Date.now()
    const looking = operations.run(() => fstatFd(fd, { bigint: true }))
    const locating = operations.run(() => locate(fd, { realRoot, path: realPathWanted }))
    // Nothing uses the descriptor any more when it is closed.
    await Promise.allSettled([looking, locating])
    const stats = await looking
    if (!stats.isFile()) return refusalOfKind(stats)
    if (stats.size > MAX_FILE_BYTES) throw new Error(`The file is longer than ${MAX_FILE_BYTES} bytes`)
    const { realPath, isInRoot, there } = await locating
    if (there?.ino !== stats.ino || there.dev !== stats.dev) {
      seen.add(`${stats.dev}:${stats.ino}:${stats.ctimeNs}`)
      return 'replaced'
    }
    if (!isInRoot) return 'link-outside-root'
    const settlement = await waitUntilSettled(fd, versionOf(stats), operations)
    const found: SeenFile = { version: settlement.version, realPath, reads: opened.reads }
    const tagCtimeNs = settlement.settled ? await versionHistory.ctimeOf(found) : settlement.version.ctimeNs
    file = new OpenFile(fd, { ...found, ...settlement, hasBlocks: stats.blocks > 0n, tagCtimeNs, seenAt })
    return file
  } finally {
    if (file === undefined) await closeFd(fd)
  }
}

function realRootOf(root: string): Promise<string> {
  return rootsUnderWay.run(root, () => operationsOn(root).run(() => realPathOf(root)))
}

interface Located {
  readonly realPath: string
  readonly isInRoot: boolean
  /** What the path leads to now. */
  readonly there: Identity | undefined
}

/**
 * Finds the real path of an open file, whether it lies in the root, and what is there now. A path that does not lead to the
 * file now is no proof of where it is: the file may have been moved since, or belong to the mounts of another process, to
 * which links of /proc can lead.
 */
async function locate(
  fd: number,
  { realRoot, path }: { readonly realRoot: string; readonly path: string },
): Promise<Located> {
  const known = pathBytesOf(fd)
  const realPath = await realPathOfOpened(known?.toString(), realRoot, () => realPathOf(path))
  const isInRoot = isBelow(realRoot, realPath)
  const proof = isExact(realPath) ? realPath : (known ?? realPath)
  return { realPath, isInRoot, there: await identityAt(isInRoot ? proof : path) }
}

/** Returns undefined for a root that does not exist, and throws every other error. */
function absentRoot(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error
}

interface Descriptor {
  readonly fd: number
  readonly reads: SeenFile['reads']
}

/**
 * Opens a regular file. Its kind is checked first: opening a FIFO wakes a writer that waits for a reader, and its bytes
 * would be lost. If something else replaces the file in the meantime, the check after opening finds it.
 */
async function openDescriptor(path: string): Promise<Descriptor | Refusal> {
  const stats = await statPath(path, { bigint: true })
  if (!stats.isFile()) return refusalOfKind(stats)
  const user = process.geteuid?.()
  if (KEEP_ATIME !== 0 && (user === ROOT_USER || user === Number(stats.uid))) {
    try {
      return { fd: await openFd(path, FLAGS | KEEP_ATIME), reads: 'keep atime' }
    } catch (error) {
      // A root user without the capability does not count as the owner.
      if (systemCode(error) !== 'EPERM') throw error
    }
  }
  return { fd: await openFd(path, FLAGS), reads: 'move atime' }
}

interface Settlement {
  readonly version: FileVersion
  readonly settled: boolean
}

/**
 * Waits for one or two ticks of the clock if a file was written a moment ago, so that its tag can be strong. A file that
 * is written all the time, or is on a file system of whole seconds, stays unsettled, and its tag will be weak. So does a
 * file on a file system that stores no time of changes.
 */
async function waitUntilSettled(
  fd: number,
  version: FileVersion,
  operations: FileOperations,
): Promise<Settlement> {
  if (!hasChangeTime(version)) return { version, settled: false }
  const wait = unsettledFor(version, Date.now())
  if (wait === 0) return { version, settled: true }
  if (wait > CLOCK_GRAIN_MS) return { version, settled: false }
  await sleep(wait + 1)
  const later = versionOf(await operations.run(() => fstatFd(fd, { bigint: true })))
  // Its last name may have been removed in the meantime (by a rename or unlink), which changes no byte.
  const isPinned = later.ctimeNs === version.ctimeNs || losesName(version, later)
  if (isPinned && sameWrite(version, later)) return { version, settled: true }
  return { version: later, settled: unsettledFor(later, Date.now()) === 0 }
}

/**
 * Whether a path still leads to the version that is open. A file that the system knows by this very path has no symlink on its
 * way, so it lies in the root if the path leads to it. Any other path is followed to its end.
 */
export async function isCurrent(file: OpenFile, { root, path }: FileLocation): Promise<boolean> {
  try {
    if (!file.isOfThisUser()) return false
    const seenAt = Date.now()
    const operations = operationsOn(file.realPath)
    const isReal = path === file.realPath && file.pathKnown() === path
    const [stats, realPath] = await Promise.all([
      operations.run(() => statPath(path, { bigint: true })),
      isReal ? path : operations.run(() => realPathOf(path)),
    ])
    if (realPath !== file.realPath || !sameVersion(versionOf(stats), file.version)) return false
    file.seenAgain(seenAt)
    return await isInside(root, realPath)
  } catch {
    return false
  }
}
