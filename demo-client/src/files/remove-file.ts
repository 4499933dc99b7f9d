// Removes files.
import { unlink } from 'node:fs/promises'
import { systemCode } from '../errors.ts'

/**
 * Removes the file at `path`, if one is there: a link itself, never a folder. In one call of the system: `rm()` of Node.js looks
 * twice before it does the same.
 * @throws the system's error
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
