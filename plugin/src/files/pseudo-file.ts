import { statfs } from 'node:fs'
import { promisify } from 'node:util'
import { representationChanged, SendRangeError } from '../errors.ts'
import type { OpenFile } from './open-file.ts'

const statFileSystem = promisify(statfs)

const MAX_BYTES = 1024 * 1024

/** File systems of Linux whose files are made by the kernel when they are read, by their numbers in `statfs(2)`. */
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
 * The bytes of a file whose size says nothing about them: files of /proc say that they are empty, those of /sys that
 * they have 4096 bytes. They are made when they are read, so they are read at once. Undefined for every other file.
 *
 * @throws SendRangeError `ERR_RANGE_CHANGED` for an empty file that is just being written; `ERR_RANGE_READ`
 */
export async function readPseudoFile(file: OpenFile): Promise<Buffer | undefined> {
  if (!(await isPseudoFile(file))) return undefined
  const bytes = Buffer.alloc(MAX_BYTES)
  let length = 0
  for (let count = -1; count !== 0 && length < bytes.length; length += count) {
    count = await file.readAt(bytes.subarray(length), length)
  }
  // A file that reports another size by now is an ordinary one: it is just being written.
  if ((await file.currentVersion()).size !== file.version.size) throw representationChanged()
  if (length < bytes.length) return bytes.subarray(0, length)
  throw new SendRangeError('ERR_RANGE_READ', 'The file reports no size and is too large to read in advance')
}

async function isPseudoFile(file: OpenFile): Promise<boolean> {
  // What takes space on a disk is ordinary, and so is nearly every file: no further look.
  if (file.hasBlocks) return false
  const { size } = file.version
  const probe = Buffer.alloc(1)
  if (size === 0n) return (await file.readAt(probe, 0)) > 0
  if (PSEUDO_FILE_SYSTEMS.has(await fileSystemOf(file))) return true
  // Of another file system that reports more than can be read, and goes on to (a truncated file has another size).
  if ((await file.readAt(probe, Number(size) - 1)) > 0) return false
  return (await file.currentVersion()).size === size
}

async function fileSystemOf(file: OpenFile): Promise<number> {
  if (process.platform !== 'linux') return 0
  const { type } = await statFileSystem(`/proc/self/fd/${file.fd}`).catch(() => ({ type: 0 }))
  // The number is signed where it is 32 bits long.
  return type >>> 0
}
