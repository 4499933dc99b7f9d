import { close, constants, fstat, open, read, stat } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { formatEntityTag } from './entity-tag.ts'
import { SendRangeError, systemCode } from './errors.ts'
import {
  CLOCK_GRAIN_MS,
  type FileVersion,
  opaqueTagOf,
  sameVersion,
  stillPinned,
  unsettledFor,
  versionOf,
} from './file-version.ts'
import { HotRangeBudget, HotRanges } from './hot-ranges.ts'
import { isBelow, isInside, realPathOf, realPathOfOpen } from './real-path.ts'
import { startedAfter } from './started-after.ts'

const openFd = promisify(open)
const closeFd = promisify(close)
const fstatFd = promisify(fstat)
const statPath = promisify(stat)

// O_NONBLOCK: opening a FIFO must not hold a thread until somebody writes to it. Windows has neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

/** What the system says of a path under which nothing can be served; sockets give ENXIO. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EISDIR', 'ENXIO', 'ENODEV', 'EINVAL'])
const FORBIDDEN = new Set(['EACCES', 'EPERM'])
const OVERLOADED = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])

/** How often a file that is replaced while it is being opened is looked at anew. */
const MAX_ATTEMPTS = 10

const hotRangeBudget = new HotRangeBudget()

/** A file's location: `path` must lie inside `root` also after every symlink is followed. Both absolute. */
export interface FileLocation {
  readonly root: string
  readonly path: string
}

/**
 * One open regular file, pinned to the version it had when it was opened. Counts its users: the descriptor is closed
 * when the last one has released it.
 */
export class OpenFile {
  readonly fd: number
  readonly version: FileVersion
  /** Where the file really lies, symlinks followed. */
  readonly realPath: string
  /** Whether a second write could no longer hide behind the same timestamps. */
  readonly settled: boolean
  /** Names this version of this file, among all that the file system tells apart. */
  readonly versionTag: string
  /** The entity-tag made of it: weak as long as a second write could hide. */
  readonly statTag: string
  readonly hotRanges: HotRanges = new HotRanges(hotRangeBudget)
  #users = 1

  constructor(fd: number, facts: { version: FileVersion; realPath: string; settled: boolean }) {
    this.fd = fd
    this.version = facts.version
    this.realPath = facts.realPath
    this.settled = facts.settled
    this.versionTag = opaqueTagOf(facts.version)
    const strength = facts.settled ? 'strong' : 'weak'
    this.statTag = formatEntityTag({ strength, opaque: this.versionTag })
  }

  /** Adds a user; false when the descriptor is closed already. */
  retain(): boolean {
    if (this.#users === 0) return false
    this.#users++
    return true
  }

  /** Takes a user away. The descriptor is closed with the last one. */
  release(): void {
    if (--this.#users === 0) close(this.fd, () => {})
  }

  /** Looks at the open descriptor again, in a look that starts after this call. */
  readonly currentVersion: () => Promise<FileVersion> = startedAfter(async () =>
    versionOf(await fstatFd(this.fd, { bigint: true })),
  )

  /** Reads into `target` from `position`; returns the count of bytes, 0 at the end. */
  readAt(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.fd, target, 0, target.length, position, (error, bytesRead) => {
        if (error === null) resolve(bytesRead)
        else reject(new SendRangeError('ERR_RANGE_READ', 'The file could not be read', { cause: error }))
      })
    })
  }
}

/**
 * Opens a regular file inside the root. The caller releases it.
 *
 * @returns undefined for what is not there, is no regular file, or lies outside the root
 * @throws SendRangeError `ERR_RANGE_PATH_FORBIDDEN`, `ERR_RANGE_OVERLOADED`, `ERR_RANGE_READ`
 */
export async function openFile(location: FileLocation): Promise<OpenFile | undefined> {
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const opened = await openOnce(location)
      if (opened !== 'moved') return opened
    }
    return undefined
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (ABSENT.has(code)) return undefined
    throw accessError(code, error)
  }
}

function accessError(code: string, cause: unknown): SendRangeError {
  if (FORBIDDEN.has(code)) return new SendRangeError('ERR_RANGE_PATH_FORBIDDEN', 'Forbidden', { cause })
  if (!OVERLOADED.has(code))
    return new SendRangeError('ERR_RANGE_READ', 'The file could not be read', { cause })
  const headers = { 'retry-after': '1' }
  return new SendRangeError('ERR_RANGE_OVERLOADED', 'Too many open files, try again', { cause, headers })
}

async function openOnce({ root, path }: FileLocation): Promise<OpenFile | undefined | 'moved'> {
  // Below the resolved root: a root that is swapped meanwhile does not make one release look like outside of the other.
  const realRoot = await realPathOf(root)
  const fd = await openFd(join(realRoot, path.slice(root.length)), FLAGS).catch(async (error: unknown) => {
    // A release that is swapped away is often removed at once.
    if ((await realPathOf(root)) === realRoot) throw error
  })
  if (fd === undefined) return 'moved'
  let opened: OpenFile | undefined
  try {
    const stats = await fstatFd(fd, { bigint: true })
    if (!stats.isFile()) return undefined
    const realPath = await realPathOfOpen(fd, stats, path)
    if (realPath === undefined) return 'moved'
    if (!isBelow(realRoot, realPath)) return undefined
    const { version, settled } = await settle(fd, versionOf(stats))
    opened = new OpenFile(fd, { version, realPath, settled })
    return opened
  } finally {
    if (opened === undefined) await closeFd(fd)
  }
}

/**
 * Waits out the clock's grain for a file that was written a moment ago, so that its tag can be strong. A file that
 * is written all the time, or on a file system of whole seconds, stays unsettled: its tag will be weak.
 */
async function settle(fd: number, version: FileVersion): Promise<{ version: FileVersion; settled: boolean }> {
  const wait = unsettledFor(version, Date.now())
  if (wait === 0) return { version, settled: true }
  if (wait > CLOCK_GRAIN_MS) return { version, settled: false }
  await sleep(wait + 1)
  const later = versionOf(await fstatFd(fd, { bigint: true }))
  if (stillPinned(version, later)) return { version, settled: true }
  return { version: later, settled: unsettledFor(later, Date.now()) === 0 }
}

/** Whether a path still leads to the very version that is open: every check that opening it anew would make. */
export async function isCurrent(file: OpenFile, { root, path }: FileLocation): Promise<boolean> {
  try {
    const [realPath, stats] = await Promise.all([realPathOf(path), statPath(path, { bigint: true })])
    if (realPath !== file.realPath || !sameVersion(versionOf(stats), file.version)) return false
    return await isInside(root, realPath)
  } catch {
    return false
  }
}
