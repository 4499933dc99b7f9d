// What identifies a file, as far as the file system can say.
import type { BigIntStats } from 'node:fs'
import type { FileId } from '../state/journal-format.ts'
import { hasStableInodes } from './stable-inodes.ts'

/** The ID of a file in `folder`. Null if the inodes of this file system are not stable. */
export async function fileIdOf(stats: BigIntStats, folder: string): Promise<FileId | null> {
  if (!(await hasStableInodes(folder))) return null
  const { ino, birthtimeNs, ctimeNs, mtimeNs } = stats
  // A system that does not know when a file was created reports when it was changed.
  const isKnown = birthtimeNs !== ctimeNs && birthtimeNs !== mtimeNs
  return { inode: String(ino), born: isKnown ? String(birthtimeNs) : null }
}

/** Is a file with the ID `now` the one that had the ID `then`? */
export function isSameFileId(then: FileId | null, now: FileId | null): boolean {
  if (then === null) return true
  return now?.inode === then.inode && (then.born ?? now.born) === now.born
}
