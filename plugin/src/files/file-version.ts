import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'

/**
 * What a file system says about one version of a file: where its content is (`dev`, `ino`, `birthtimeNs`), what every
 * write changes (`size`, `mtimeNs`, `ctimeNs`), and what changes the ctime without a write (the others).
 */
export interface FileVersion {
  readonly dev: bigint
  readonly ino: bigint
  readonly birthtimeNs: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly atimeNs: bigint
  readonly mode: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly nlink: bigint
}

const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n
const MS_PER_SECOND = 1000

/**
 * How long, in ms, a second write may get the same timestamp. Linux takes the times of files from a clock that advances
 * with the kernel's tick (1 to 10 ms). This is two ticks of the slowest.
 */
export const CLOCK_GRAIN_MS = 20

/** The same for file systems that store whole (or even) seconds only, in ms. */
const COARSE_GRAIN_MS = 2000

/**
 * Reproducible builds and images set file times to 0 or 1 second, and file systems that store no such time report 0.
 * Such a time is not a date.
 */
const FIRST_REAL_TIME_NS = 2n * NS_PER_SECOND

/** Picks the version out of stats. */
export function versionOf(stats: BigIntStats): FileVersion {
  const { dev, ino, birthtimeNs, size, mtimeNs, ctimeNs, atimeNs, mode, uid, gid, nlink } = stats
  return { dev, ino, birthtimeNs, size, mtimeNs, ctimeNs, atimeNs, mode, uid, gid, nlink }
}

/**
 * How long, in ms, one call that writes is expected to take at most. It moves the times of a file when it begins, so its
 * last bytes come later than the version does.
 */
const LONGEST_WRITE_MS = 10_000

/** The time of the last write, in ms since the epoch. */
export function mtimeMsOf(version: FileVersion): number {
  return Number(version.mtimeNs) / Number(NS_PER_MS)
}

/** Whether two checks of a file saw the same version of it. */
export function sameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev && sameWrite(a, b)
}

/** Whether size and mtime are the same. They are after every change that writes no byte. */
export function sameWrite(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Whether two checks of one file saw the same content, as far as they can show. Size and mtime must be the same. If the
 * ctime changed, the mtime may have been put back after a write (`touch -r`, `cp -p`, `rsync --inplace -t`). So a changed
 * ctime must have an explanation: another mode, owner, group or link count. Each of these explains one change. A write
 * between the same two checks whose mtime is put back is not noticed then.
 *
 * A file that replaces another one also has another mode, owner or link count, and may have the same mtime. On most file
 * systems a descriptor stays with its file. A FUSE file system that works by paths may connect the descriptor with the
 * new file, and give both the same inode number. So these are explanations only if the file has the same birth time as
 * before. A lost last name needs no birth time: a file without a name did not replace another one.
 *
 * The atime explains only `touch -a`: then it equals the ctime to the nanosecond. Reads change the atime too, so it
 * explains nothing if our own reads do.
 *
 * @param reads whether reading the file through our descriptor changes its atime
 */
export function sameContent(a: FileVersion, b: FileVersion, reads: 'keep atime' | 'move atime'): boolean {
  if (!sameWrite(a, b) || a.ino !== b.ino) return false
  if (a.ctimeNs === b.ctimeNs || losesName(a, b)) return true
  if (!sameBirth(a, b)) return false
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.nlink !== b.nlink) return true
  return reads === 'keep atime' && a.atimeNs !== b.atimeNs && b.atimeNs === b.ctimeNs
}

/** Whether a name of the file was removed between two checks. */
export function losesName(a: FileVersion, b: FileVersion): boolean {
  return a.ino === b.ino && b.nlink < a.nlink && (b.nlink === 0n || sameBirth(a, b))
}

/** Whether two checks certainly saw one file. Inode numbers are used again. */
function sameBirth(a: FileVersion, b: FileVersion): boolean {
  return hasBirthTime(a) && a.birthtimeNs === b.birthtimeNs
}

/** A key of the file, whatever its version. Inode numbers are used again: without a birth time, a new file may share it. */
export function fileKeyOf({ dev, ino, birthtimeNs }: FileVersion): string {
  return [dev, ino, birthtimeNs].join(':')
}

/** Whether the file system stores the birth time. FUSE and some network file systems do not: they report 0. */
export function hasBirthTime(version: FileVersion): boolean {
  return version.birthtimeNs > 0n
}

/** Whether the file system stores the time of changes. Otherwise a write whose mtime is put back leaves no trace. */
export function hasChangeTime(version: FileVersion): boolean {
  return version.ctimeNs >= FIRST_REAL_TIME_NS
}

/**
 * How long to wait, in ms, until another write to this file can no longer have the same timestamps. 0 if it already
 * cannot. Only the ctime counts: no system call sets it, and every write changes it.
 *
 * @param now ms since the epoch
 */
export function unsettledFor(version: FileVersion, now: number): number {
  const age = now - Number(version.ctimeNs / NS_PER_MS)
  return Math.max(0, grainOf(version.ctimeNs) - age)
}

/**
 * Whether the write that made this version has ended, as far as its age shows: bytes of an earlier one are not read any more.
 *
 * @param now ms since the epoch
 */
export function isWriteOver(version: FileVersion, now: number): boolean {
  return now - Number(version.ctimeNs / NS_PER_MS) >= LONGEST_WRITE_MS
}

/**
 * Whether the clock that made the ctime of a version is ahead of ours, for a version that was seen at `seenAt` (ms since the
 * epoch), as that of a file server can be. Then its age is not known.
 */
export function isFromLaterClock(version: FileVersion, seenAt: number): boolean {
  return Number(version.ctimeNs / NS_PER_MS) - seenAt > COARSE_GRAIN_MS
}

function grainOf(timestampNs: bigint): number {
  return timestampNs % NS_PER_SECOND === 0n ? COARSE_GRAIN_MS : CLOCK_GRAIN_MS
}

/** The mtime in seconds since the epoch, or undefined if it is not a date. */
export function mtimeSecondOf(version: FileVersion): number | undefined {
  return version.mtimeNs < FIRST_REAL_TIME_NS ? undefined : Number(version.mtimeNs / NS_PER_SECOND)
}

/**
 * Whether another write can still get an mtime of the same second, for a version that was seen at `seenAt` (ms since
 * the epoch). It can until the second is over, so a second in the future is open too. File systems of whole or even
 * seconds use the second that has begun.
 */
export function isSecondOpen(version: FileVersion, seenAt: number): boolean {
  const second = Number(version.mtimeNs / NS_PER_SECOND)
  const coarse = version.mtimeNs % NS_PER_SECOND === 0n
  const end = coarse ? second * MS_PER_SECOND + COARSE_GRAIN_MS : (second + 1) * MS_PER_SECOND
  return seenAt < end + CLOCK_GRAIN_MS
}

/**
 * The opaque part of an entity-tag for one content of one file. It is a digest, so that inode numbers and times are not
 * published. It is made of
 * - the inode number: files that were written within one tick of the clock have the same times;
 * - size and mtime;
 * - the ctime, as the only time that no system call sets: `touch -r` and `cp -p` put an mtime back;
 *
 * and not of
 * - the device number: it says nothing about content, and a container or a FUSE file system gets another one with each
 *   start;
 * - mode, owner, link count, path and atime: they change without a change of content.
 *
 * @param ctimeNs that of the first known version with this content; later changes of it may have explanations
 */
export function opaqueTagOf({ ino, size, mtimeNs }: FileVersion, ctimeNs: bigint): string {
  const identity = [ino, size, mtimeNs, ctimeNs].join(':')
  return createHash('sha256').update(identity).digest('base64url').slice(0, 22)
}
