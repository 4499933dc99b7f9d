// Makes sure that written bytes and names are on the disk, if the file system can do that.
import type { FileHandle } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { openFile } from './descriptors.ts'
import { FreshRuns } from './fresh-runs.ts'

/** Codes of file systems without fsync(2). Every other failure may mean that bytes are lost. */
const NOT_OFFERED: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])
/** A directory that this user may write to but not read cannot be opened to flush it. */
const NOT_OPENED: ReadonlySet<string> = new Set([...NOT_OFFERED, 'EACCES', 'EPERM', 'EISDIR', 'EBADF'])

/** How the flush of a file has failed. */
const failures = new WeakMap<FileHandle, unknown>()

/**
 * Resolves when everything written is on the disk; with false if the file system cannot flush. After a failure every later call
 * fails, too: systems report bytes that they could not write once, and then take them for written.
 */
export async function flushFile(file: FileHandle, what: 'data' | 'all'): Promise<boolean> {
  if (failures.has(file)) throw failures.get(file)
  try {
    return await isOffered(() => (what === 'data' ? file.datasync() : file.sync()), NOT_OFFERED)
  } catch (error) {
    failures.set(file, error)
    throw error
  }
}

/** Files that are finished at the same time share one. */
const directoryFlushes = new FreshRuns((path) =>
  isOffered(async () => {
    const directory = await openFile(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }, NOT_OPENED),
)

/** Makes renames and removals in a directory survive a power cut; false if the system cannot. */
export async function flushDirectory(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true // a directory cannot be opened there, and NTFS keeps a log
  return await directoryFlushes.call(path)
}

async function isOffered(flush: () => Promise<void>, codes: ReadonlySet<string>): Promise<boolean> {
  try {
    await flush()
    return true
  } catch (error) {
    if (codes.has(systemCode(error) ?? '')) return false
    throw error
  }
}
