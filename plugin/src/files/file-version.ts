import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'

/**
 * What a file system reveals about one version of a file: where its content is (`dev`, `ino`, `birthtimeNs`), what
 * every write moves (`size`, `mtimeNs`, `ctimeNs`), and what moves the ctime without a write (the others).
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
 * How long a second write may hide behind the same timestamp: Linux stamps files from a clock that advances with
 * the kernel's tick (1 to 10 ms). Two ticks of the slowest, in ms.
 */
export const CLOCK_GRAIN_MS = 20

/** The same for file systems that keep whole (or even) seconds only, in ms. */
const COARSE_GRAIN_MS = 2000

/**
 * Build systems and images that are to be the same each time set file times to 0 or 1 second, and file systems that
 * keep no such time say 0. That dates nothing.
 */
const FIRST_REAL_TIME_NS = 2n * NS_PER_SECOND

/** Picks the version out of stats. */
export function versionOf(stats: BigIntStats): FileVersion {
  const { dev, ino, birthtimeNs, size, mtimeNs, ctimeNs, atimeNs, mode, uid, gid, nlink } = stats
  return { dev, ino, birthtimeNs, size, mtimeNs, ctimeNs, atimeNs, mode, uid, gid, nlink }
}

/** The time of the last write, in ms since the epoch. */
export function mtimeMsOf(version: FileVersion): number {
  return Number(version.mtimeNs) / Number(NS_PER_MS)
}

/** Whether two looks at a file saw the same version of it. */
export function sameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev && sameWrite(a, b)
}

/** Whether size and mtime are the same: they are after every change that writes no byte. */
export function sameWrite(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Whether two looks at one file saw the same content, as far as the two looks tell. Size and mtime must be the same.
 * Where the ctime moved beside them, the mtime may have been put back after a write (`touch -r`, `cp -p`, `rsync
 * --inplace -t`), so it has to be explained: by another mode, owner, group or link count. Each of these explains one
 * change: a write that happens beside it between the two looks, and whose mtime is put back, cannot be told.
 *
 * A file that is replaced by another one has another mode, owner or link count as well, and may have the same mtime. On
 * most file systems a descriptor stays with its file. FUSE hands its descriptor on to the new file where it goes by
 * paths, and may number both alike. So these explain something only in a file that has the same time of birth as before.
 * The last name that has gone needs none: what has no name is no file that was put in the place of another.
 *
 * The atime explains only what `touch -a` does: it then is the ctime to the nanosecond. Reads move the atime too, so
 * it explains nothing where our own reads do.
 *
 * @param reads whether reading the file through our descriptor moves its atime
 */
export function sameContent(a: FileVersion, b: FileVersion, reads: 'keep atime' | 'move atime'): boolean {
  if (!sameWrite(a, b) || a.ino !== b.ino) return false
  if (a.ctimeNs === b.ctimeNs || losesName(a, b)) return true
  if (!sameBirth(a, b)) return false
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.nlink !== b.nlink) return true
  return reads === 'keep atime' && a.atimeNs !== b.atimeNs && b.atimeNs === b.ctimeNs
}

/** Whether a name of the file has gone between two looks. */
export function losesName(a: FileVersion, b: FileVersion): boolean {
  return a.ino === b.ino && b.nlink < a.nlink && (b.nlink === 0n || sameBirth(a, b))
}

/** Whether two looks surely saw one file: also inode numbers are used again. */
function sameBirth(a: FileVersion, b: FileVersion): boolean {
  return hasBirthTime(a) && a.birthtimeNs === b.birthtimeNs
}

/** Whether the file system keeps the time of birth. FUSE does not, nor do some network file systems: they say 0. */
export function hasBirthTime(version: FileVersion): boolean {
  return version.birthtimeNs > 0n
}

/** Whether the file system dates changes itself. Where it does not, a write whose mtime is put back leaves no trace. */
export function hasChangeTime(version: FileVersion): boolean {
  return version.ctimeNs >= FIRST_REAL_TIME_NS
}

/**
 * How long to wait, in ms, until another write to this file could no longer carry the same timestamps. 0 when that
 * is so already. The ctime alone tells: no call sets it, and every write moves it.
 *
 * @param now ms since the epoch
 */
export function unsettledFor(version: FileVersion, now: number): number {
  const age = now - Number(version.ctimeNs / NS_PER_MS)
  return Math.max(0, grainOf(version.ctimeNs) - age)
}

function grainOf(timestampNs: bigint): number {
  return timestampNs % NS_PER_SECOND === 0n ? COARSE_GRAIN_MS : CLOCK_GRAIN_MS
}

/** The second of the mtime since the epoch, or undefined for one that dates nothing. */
export function mtimeSecondOf(version: FileVersion): number | undefined {
  return version.mtimeNs < FIRST_REAL_TIME_NS ? undefined : Number(version.mtimeNs / NS_PER_SECOND)
}

/**
 * Whether another write can still get an mtime of the same second, for a version that was seen at `seenAt` (ms since
 * the epoch). It can until the second is over, so a second in the future is open as well. File systems of whole or even
 * seconds stamp with the second that has begun.
 */
export function isSecondOpen(version: FileVersion, seenAt: number): boolean {
  const second = Number(version.mtimeNs / NS_PER_SECOND)
  const coarse = version.mtimeNs % NS_PER_SECOND === 0n
  const end = coarse ? second * MS_PER_SECOND + COARSE_GRAIN_MS : (second + 1) * MS_PER_SECOND
  return seenAt < end + CLOCK_GRAIN_MS
}

/**
 * The opaque part of an entity-tag for one content of one file. A digest, so that inode numbers and times are not
 * published. It is made of
 * - the inode number: files that were written within one tick of the clock have the same times;
 * - size and mtime;
 * - the ctime, as the only time that no call sets: `touch -r` and `cp -p` put an mtime back;
 * and not of
 * - the device number: it says nothing about content, and a container or a FUSE file system gets another with each
 *   start;
 * - mode, owner, link count, path and atime: they change without a byte.
 *
 * @param ctimeNs that of the first version known to have this content; later ones may be explained
 */
export function opaqueTagOf({ ino, size, mtimeNs }: FileVersion, ctimeNs: bigint): string {
  const identity = [ino, size, mtimeNs, ctimeNs].join(':')
  return createHash('sha256').update(identity).digest('base64url').slice(0, 22)
}
