// How much space a file system has left.
import { statfs } from 'node:fs/promises'

/** Bytes that this user can still write below `folder`. Null if the file system does not say. */
export async function freeSpace(folder: string): Promise<number | null> {
  const found = await statfs(folder).catch(() => null)
  // Some file systems, mostly those of FUSE, do not know their size and report 0 of 0 blocks.
  if (found === null || found.blocks === 0 || found.bsize === 0) return null
  return found.bavail * found.bsize
}
