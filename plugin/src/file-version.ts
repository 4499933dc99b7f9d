import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'

/** What a file system reveals about one version of a file. Two versions that differ in none of it look the same. */
export interface FileVersion {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly nlink: bigint
}

const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n

/**
 * How long a second write may hide behind the same timestamp: Linux stamps files from a clock that advances with
 * the kernel's tick (1 to 10 ms). Two ticks of the slowest, in ms.
 */
export const CLOCK_GRAIN_MS = 20

/** The same for file systems that keep whole (or even) seconds only, in ms. */
const COARSE_GRAIN_MS = 2000

/** Picks the version out of stats. */
export function versionOf(stats: BigIntStats): FileVersion {
  const { dev, ino, size, mtimeNs, ctimeNs, nlink } = stats
  return { dev, ino, size, mtimeNs, ctimeNs, nlink }
}

/** The time of the last write, in ms since the epoch. */
export function mtimeMsOf(version: FileVersion): number {
  return Number(version.mtimeNs) / Number(NS_PER_MS)
}

/** Whether two looks at a file saw the same version of it. */
export function sameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev && sameContent(a, b)
}

/**
 * Whether an open file's content can still be the one pinned. Its ctime also moves when its last name goes away
 * (replaced by rename, unlinked): that touches no byte, and a download must outlive it.
 */
export function stillPinned(pinned: FileVersion, now: FileVersion): boolean {
  if (!sameContent(pinned, now)) return false
  return now.ctimeNs === pinned.ctimeNs || (now.nlink === 0n && pinned.nlink > 0n)
}

function sameContent(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * How long to wait, in ms, until another write to this file could no longer carry the same timestamps. 0 when that
 * is so already. The ctime alone tells: no call sets it, and every write moves it.
 *
 * @param now ms since the epoch
 */
export function unsettledFor(version: FileVersion, now: number): number {
  const grain = version.ctimeNs % NS_PER_SECOND === 0n ? COARSE_GRAIN_MS : CLOCK_GRAIN_MS
  const age = now - Number(version.ctimeNs / NS_PER_MS)
  return Math.max(0, grain - age)
}

/**
 * The opaque part of an entity-tag that differs between any two versions that the file system tells apart. A digest,
 * so that inode numbers and times are not published.
 */
export function opaqueTagOf(version: FileVersion): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = version
  const identity = [dev, ino, size, mtimeNs, ctimeNs].join(':')
  return createHash('sha256').update(identity).digest('base64url').slice(0, 22)
}
