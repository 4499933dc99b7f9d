import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { FileOperations, type StorageKind } from './file-operations.ts'
import { type Mount, mountOf, parseMounts, parseMountTypes } from './mount-list.ts'

/** File systems on this machine's own disks or memory. If one of them hangs, the whole machine does. */
const LOCAL_TYPES = new Set([
  'bcachefs',
  'btrfs',
  'exfat',
  'devtmpfs',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'iso9660',
  'ntfs3',
  'overlay',
  'proc',
  'ramfs',
  'squashfs',
  'sysfs',
  'tmpfs',
  'vfat',
  'xfs',
  'zfs',
])

const MOUNT_LIST = '/proc/self/mountinfo'

/** How long the list of mounts is used before it is read again, in ms. */
const MOUNTS_FRESH_MS = 5000

/** How long after that it is read again if somebody needs a newer one, in ms. */
const MOUNTS_PAUSE_MS = 250

/** The mounts at one moment. */
export interface MountList {
  readonly mounts: readonly Mount[]
  /** Their types by their numbers, also of hidden ones. */
  readonly types: ReadonlyMap<number, string>
  /** When the reading of the list began, by `performance.now()`. */
  readonly beganAtMs: number
}

/** Until the mounts are known, everything is one local storage. */
let list: MountList = { mounts: [], types: new Map(), beganAtMs: Number.NEGATIVE_INFINITY }
let lastReadMs = Number.NEGATIVE_INFINITY
const operations = new Map<string, FileOperations>()

/**
 * The operations on the storage of a path, by the list of mounts. The storage itself is not asked, since it may hang. A
 * symlink to another storage is not noticed.
 *
 * @param path absolute
 */
export function operationsOn(path: string): FileOperations {
  refreshAfter(MOUNTS_FRESH_MS)
  const mount = mountOf(path, list.mounts)
  const point = mount?.point ?? ''
  const kind = mount === undefined ? 'local' : kindOf(mount)
  let known = operations.get(point)
  if (known === undefined || known.kind !== kind) {
    known = new FileOperations(kind)
    operations.set(point, known)
  }
  return known
}

/**
 * The mounts as they were after a moment, for what must not be decided by an older list.
 *
 * @param momentMs by `performance.now()`
 * @returns undefined if they have not been read since. Then they are read now, and known to a later call
 */
export function mountsAfter(momentMs: number): MountList | undefined {
  if (list.beganAtMs > momentMs) {
    refreshAfter(MOUNTS_FRESH_MS)
    return list
  }
  refreshAfter(MOUNTS_PAUSE_MS)
  return undefined
}

/** Whether a path lies on a storage that may not answer, by the list of mounts at this moment. */
export function isRemote(path: string): boolean {
  try {
    const mount = mountOf(path, parseMounts(readFileSync(MOUNT_LIST, 'utf8')))
    return mount !== undefined && kindOf(mount) === 'remote'
  } catch {
    // Only Linux has such a list, and not every process may read it.
    return false
  }
}

/** Whether the storage of a mount belongs to this machine, by its type. */
export function kindOf({ type }: Mount): StorageKind {
  return LOCAL_TYPES.has(type) ? 'local' : 'remote'
}

function refreshAfter(ageMs: number): void {
  if (performance.now() - lastReadMs > ageMs) void refreshMounts()
}

/** Reads the list of mounts. Only Linux has one. On other systems everything is one local storage. */
export async function refreshMounts(): Promise<void> {
  const beganAtMs = performance.now()
  lastReadMs = beganAtMs
  if (process.platform !== 'linux') return
  const text = await readFile(MOUNT_LIST, 'utf8').catch(() => '')
  if (text !== '' && beganAtMs > list.beganAtMs)
    list = { mounts: parseMounts(text), types: parseMountTypes(text), beganAtMs }
}
