// The last flush of a complete file. It finds out whether another program has cut the file while it was written.
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { DownloadError } from '../errors.ts'
import { flushFile } from '../files/flush.ts'
import type { Warnings } from '../text/warnings.ts'

/** The unit in which stat(2) counts what a file takes on the disk. */
const BLOCK_BYTES = 512n

/** A file to which nothing will be written any more. */
export interface WrittenFile {
  readonly file: FileHandle
  /** Its path, for messages. */
  readonly path: string
  /** Reads it: does it have the bytes that were written to it? */
  readonly isIntact: () => Promise<boolean>
}

/** What it has to be. */
export interface WholeFile {
  /** The bytes that the file gets, no more and no fewer. */
  readonly size: number
  /** The date it gets; null: the date of the last write. */
  readonly mtime: Date | null
  readonly warnings: Warnings
}

/**
 * Sets the date of the file and flushes it. One that is longer than it has to be, because something was behind the bytes of
 * an earlier run, is cut first. One that is shorter was cut by another program. If that was earlier, later writes have made it
 * long enough again, with a hole. So a file that takes less room on the disk than it has bytes is read. That costs time only
 * after such a cut, and on file systems that compress, or do not say how much room a file takes.
 * @throws DownloadError `ERR_DOWNLOAD_UNWRITABLE` if another program has changed the size, or made a hole
 */
export async function flushWhole(written: WrittenFile, whole: WholeFile): Promise<BigIntStats> {
  const { file, path, isIntact } = written
  const size = BigInt(whole.size)
  let stats = await flushed(file, whole)
  if (stats.size > size) {
    await file.truncate(whole.size)
    stats = await flushed(file, whole)
  }
  const mayHaveHoles = stats.blocks * BLOCK_BYTES < size
  if (stats.size === size && !(mayHaveHoles && !(await isIntact()))) return stats
  const reason = 'another program has cut or extended it while it was written'
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `${path}: ${reason}; run again`)
}

async function flushed(file: FileHandle, { mtime, warnings }: WholeFile): Promise<BigIntStats> {
  if (mtime !== null) await file.utimes(mtime, mtime).catch(() => warnings.add('dates'))
  if (!(await flushFile(file, 'all'))) warnings.add('flushes')
  return await file.stat({ bigint: true })
}
