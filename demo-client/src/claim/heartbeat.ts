// Whether the heartbeat of a lock has stopped, for owners on other machines, whose processes cannot be checked.
import { constants } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { uptime } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { openRegular } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import { temporaryPath } from '../state/temporary-names.ts'

/** How often the owner of a lock touches it. Far shorter than {@link HEARTBEAT_TIMEOUT_MS}. */
export const HEARTBEAT_INTERVAL_MS = 2000
/** An owner whose heartbeat is older than this, and whose process cannot be checked, counts as dead. */
export const HEARTBEAT_TIMEOUT_MS = 60_000
/** More than two heartbeats: an owner whose clock differs, or whose machine has slept, gets the time for one. */
const WATCH_MS = 5000
/** For clocks that were set after the system started. */
const CLOCK_SLACK_MS = 10_000
/**
 * File systems that only one system mounts at a time, by the number that statfs(2) gives: ext2 to ext4, XFS, Btrfs, F2FS,
 * ZFS, tmpfs, overlay.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630,
])

/**
 * Has the heartbeat of the lock at `path` stopped, by the file system's own clock? `'before-boot'`: it stopped before this
 * system started, so its owner has ended. `'gone'`: the lock is no longer there. `token` is that of the asking run.
 * @throws the signal's reason
 */
export async function isAbandoned(
  path: string,
  token: string,
  signal: AbortSignal | null,
): Promise<'yes' | 'no' | 'before-boot' | 'gone'> {
  try {
    const [now, then] = [await clockOf(path, token), await touchedAt(path)]
    if (Math.abs(now - then) <= HEARTBEAT_TIMEOUT_MS) return 'no'
    await sleep(WATCH_MS, undefined, signal === null ? {} : { signal }).catch(() => signal?.throwIfAborted())
    if ((await touchedAt(path)) !== then) return 'no'
    return (await isFromBeforeBoot(path, now - then)) ? 'before-boot' : 'yes'
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'gone'
    throw error
  }
}

/** The time by the clock of the file system, which may be on another machine, in ms. */
async function clockOf(path: string, token: string): Promise<number> {
  const probe = temporaryPath(path, 'now', token)
  const file = await openFile(probe, 'wx')
  try {
    return (await file.stat()).mtimeMs
  } finally {
    await file.close()
    await removeFile(probe).catch(() => undefined)
  }
}

/** The file is opened so that a network file system does not answer from its cache. */
async function touchedAt(path: string): Promise<number> {
  const file = await openRegular(path, constants.O_RDONLY)
  try {
    return (await file.stat()).mtimeMs
  } finally {
    await file.close()
  }
}

async function isFromBeforeBoot(path: string, age: number): Promise<boolean> {
  // In a container uptime() may be that of the container. The other clock is right there, too.
  const running = Math.max(uptime() * 1000, Number(process.hrtime.bigint()) / 1e6)
  if (age <= running + CLOCK_SLACK_MS) return false
  return await isLocalFileSystem(dirname(path))
}

/** Is it certain that no other system uses the file system of `folder`? */
export async function isLocalFileSystem(folder: string): Promise<boolean> {
  return LOCAL_FILE_SYSTEMS.has((await statfs(folder).catch(() => null))?.type ?? 0)
}
