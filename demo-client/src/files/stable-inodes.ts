// File systems on which the inode of a file does not change.
import { statfs } from 'node:fs/promises'

/** By the number that statfs(2) gives: FAT, exFAT, 9p, FUSE, CIFS and SMB. They number files when these are opened. */
const UNSTABLE: ReadonlySet<number> = new Set([
  0x4d44, 0x2011bab0, 0x01021997, 0x65735546, 0xff534d42, 0xfe534d42,
])

/** Do the files in the directory `path` keep their inodes? */
export async function hasStableInodes(path: string): Promise<boolean> {
  try {
    return !UNSTABLE.has((await statfs(path)).type)
  } catch {
    return true // this system does not say
  }
}
