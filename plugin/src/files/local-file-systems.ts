import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { sep } from 'node:path'
import { FileOperations, type StorageKind } from './file-operations.ts'

/** File systems on this machine's own disks or memory. If one of them hangs, the whole machine does. */
const LOCAL_TYPES = new Set([
  'bcachefs',
  'btrfs',
  'exfat',
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

interface Mount {
  /** Absolute, without a slash at the end. */
  readonly point: string
  readonly kind: StorageKind
}

/** The mounts, the longest path first. Until they are known, everything is one storage. */
let mounts: readonly Mount[] = [{ point: '', kind: 'local' }]
let readAtMs = Number.NEGATIVE_INFINITY
const operations = new Map<string, FileOperations>()

/**
 * The operations on the storage of a path, by the list of mounts. The storage itself is not asked, since it may hang. A
 * symlink to another storage is not noticed.
 *
 * @param path absolute
 */
export function operationsOn(path: string): FileOperations {
  if (performance.now() - readAtMs > MOUNTS_FRESH_MS) void refreshMounts()
  const mount = mounts.find(({ point }) => isAtOrBelow(point, path))
  const { point, kind } = mount ?? { point: '', kind: 'local' as const }
  let known = operations.get(point)
  if (known === undefined || known.kind !== kind) {
    known = new FileOperations(kind)
    operations.set(point, known)
  }
  return known
}

/** Whether a path lies on a storage that may not answer, by the list of mounts at this moment. */
export function isRemote(path: string): boolean {
  try {
    const found = parseMounts(readFileSync(MOUNT_LIST, 'utf8'))
    return found.find(({ point }) => isAtOrBelow(point, path))?.kind === 'remote'
  } catch {
    // Only Linux has such a list, and not every process may read it.
    return false
  }
}

function isAtOrBelow(point: string, path: string): boolean {
  return path.startsWith(point) && (path.length === point.length || path[point.length] === sep)
}

/** Reads the list of mounts. Only Linux has one. On other systems everything is one local storage. */
export async function refreshMounts(): Promise<void> {
  readAtMs = performance.now()
  if (process.platform !== 'linux') return
  const text = await readFile(MOUNT_LIST, 'utf8').catch(() => '')
  if (text !== '') mounts = parseMounts(text)
}

/** Reads the text of `/proc/self/mountinfo`, proc(5). */
export function parseMounts(text: string): Mount[] {
  const found = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4]
    const type = after.split(' ')[0] ?? ''
    if (point === undefined) continue
    const path = decodeOctal(point).replace(/\/$/, '')
    // A later mount at the same path hides the earlier one.
    found.set(path, { point: path, kind: LOCAL_TYPES.has(type) ? 'local' : 'remote' })
  }
  return [...found.values()].sort((a, b) => b.point.length - a.point.length)
}

/** Spaces and backslashes are written as a backslash and three octal digits for each byte. */
function decodeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
