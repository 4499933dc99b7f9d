// Whether the owner of a lock, which cannot be asked, has given up beating.
import { constants } from 'node:fs'
import { rm, statfs } from 'node:fs/promises'
import { uptime } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { openRegular } from '../files/regular-file.ts'
import { temporaryPath } from '../state/temporary-names.ts'

/** How often the owner of a lock touches it. Far shorter than {@link HEARTBEAT_TIMEOUT_MS}. */
export const HEARTBEAT_INTERVAL_MS = 2000
/** In ms. What gives no sign of life for longer, and cannot be asked, is taken for dead. */
export const HEARTBEAT_TIMEOUT_MS = 60_000
/** Two heartbeats and more, in ms: machines whose clocks differ, or that have slept, are given the time for one. */
const WATCH_MS = 5000
/** For clocks that were set since the system started, in ms. */
const CLOCK_SLACK_MS = 10_000
/**
 * File systems that one system at a time has mounted, by the number that statfs(2) gives: ext2 to ext4, XFS, Btrfs, F2FS,
 * ZFS, tmpfs, overlay.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630,
])

/**
 * Has the heartbeat of the lock at `path` stopped for long? By the file system's own clock. `'before-boot'`: so long ago
 * that its owner ended with the system that ran before this one. `'gone'`: there is no lock any more. `token`: of the run
 * that asks.
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

/** What the file system, perhaps on another machine, holds for the time, in ms. */
async function clockOf(path: string, token: string): Promise<number> {
  const probe = temporaryPath(path, 'now', token)
  const file = await openFile(probe, 'wx')
  try {
    return (await file.stat()).mtimeMs
  } finally {
    await file.close()
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

/** Opened, so that a network file system looks again. */
async function touchedAt(path: string): Promise<number> {
  const file = await openRegular(path, constants.O_RDONLY)
  try {
    return (await file.stat()).mtimeMs
  } finally {
    await file.close()
  }
}

async function isFromBeforeBoot(path: string, age: number): Promise<boolean> {
  // The second is right in containers, too, where the first may be the container's.
  const running = Math.max(uptime() * 1000, Number(process.hrtime.bigint()) / 1e6)
  if (age <= running + CLOCK_SLACK_MS) return false
  return LOCAL_FILE_SYSTEMS.has((await statfs(dirname(path)).catch(() => null))?.type ?? 0)
}
