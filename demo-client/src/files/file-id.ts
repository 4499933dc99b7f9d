// What tells one file from every other, as far as the file system says.
import type { BigIntStats } from 'node:fs'
import type { FileId } from '../state/journal-format.ts'
import { hasStableInodes } from './stable-inodes.ts'

/** The mark of a file in `folder`. Null where the file system gives a file another inode from time to time. */
export async function fileIdOf(stats: BigIntStats, folder: string): Promise<FileId | null> {
  if (!(await hasStableInodes(folder))) return null
  const { ino, birthtimeNs, ctimeNs, mtimeNs } = stats
  // A system that does not know when a file was made says when it was changed.
  const isKnown = birthtimeNs !== ctimeNs && birthtimeNs !== mtimeNs
  return { inode: String(ino), born: isKnown ? String(birthtimeNs) : null }
}

/** Is a file with the mark `now` the one that had the mark `then`? */
export function isSameFileId(then: FileId | null, now: FileId | null): boolean {
  if (then === null) return true
  return now?.inode === then.inode && (then.born ?? now.born) === now.born
}
