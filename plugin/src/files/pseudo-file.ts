import { statfs } from 'node:fs'
import { promisify } from 'node:util'
import { representationChanged, SendRangeError } from '../errors.ts'
import type { OpenFile } from './open-file.ts'

const statFileSystem = promisify(statfs)

const MAX_BYTES = 1024 * 1024

/** File systems of Linux whose files the kernel generates when they are read, by their numbers in `statfs(2)`. */
const PSEUDO_FILE_SYSTEMS = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x62656570, // configfs
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0x0027e0eb, // cgroup
  0x63677270, // cgroup2
  0x6165676c, // pstore
  0x7655821, // resctrl
  0xf97cff8c, // selinuxfs
  0xcafe4a11, // bpf
])

/**
 * The bytes of a file whose size is not the number of its bytes: files of /proc report 0 bytes, those of /sys 4096. The
 * kernel generates them when they are read, so the whole file is read in advance. Undefined for every other file.
 *
 * @throws SendRangeError `ERR_RANGE_CHANGED` for an empty file that is being written; `ERR_RANGE_READ`
 */
export async function readPseudoFile(file: OpenFile): Promise<Buffer | undefined> {
  if (!(await isPseudoFile(file))) return undefined
  const bytes = Buffer.alloc(MAX_BYTES)
  let length = 0
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = await file.readAt(bytes.subarray(length), length)
  }
  // A file that reports another size now is an ordinary one that is being written.
  if ((await file.currentVersion()).size !== file.version.size) throw representationChanged()
  if (length < bytes.length) return bytes.subarray(0, length)
  throw new SendRangeError('ERR_RANGE_READ', 'The file reports no size and is too large to read in advance')
}

async function isPseudoFile(file: OpenFile): Promise<boolean> {
  // A file that takes space on a disk is ordinary. Nearly every file does, and needs no further check.
  if (file.hasBlocks) return false
  const { size } = file.version
  const probe = Buffer.alloc(1)
  if (size === 0n) return (await file.readAt(probe, 0)) > 0
  if (PSEUDO_FILE_SYSTEMS.has(await fileSystemOf(file))) return true
  // A file of another file system that reports more than can be read, and still does. A truncated file has another size.
  if ((await file.readAt(probe, Number(size) - 1)) > 0) return false
  return (await file.currentVersion()).size === size
}

async function fileSystemOf(file: OpenFile): Promise<number> {
  if (process.platform !== 'linux') return 0
  const { type } = await statFileSystem(`/proc/self/fd/${file.fd}`).catch(() => ({ type: 0 }))
  // The number is signed if it is 32 bits long.
  return type >>> 0
}
