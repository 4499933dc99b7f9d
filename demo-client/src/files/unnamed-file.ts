// A file without a name: it is gone when it is closed, or when its process ends in any way.
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { shortageOf } from '../system-shortage.ts'
import { openFile } from './descriptors.ts'

/** `O_TMPFILE` of Linux (open(2)), which Node.js has no name for: a file that never gets a name. */
const NEVER_NAMED = 0o20000000 | constants.O_DIRECTORY | constants.O_RDWR
/** Only for this user. */
const MODE = 0o600

/**
 * Opens a new file below `directory`, for reading and writing. Where the system or the file system has no files that
 * never get a name, it has one for a moment, while it is empty.
 */
export async function openUnnamed(directory: string): Promise<FileHandle> {
  if (process.platform === 'linux') {
    try {
      return await openFile(directory, NEVER_NAMED, MODE)
    } catch (error) {
      if (shortageOf(error) !== null) throw error
      // If it is the directory that is to blame, the next attempt says so.
    }
  }
  const path = join(directory, `.range-get-${randomUUID()}`)
  const file = await openFile(path, 'wx+', MODE)
  try {
    await rm(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}
