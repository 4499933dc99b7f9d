// Makes a new file under a name of this run.
import type { FileHandle } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { openFile } from './descriptors.ts'
import { removeFile } from './remove-file.ts'

/** Makes a file under a name that only this run uses. What has it already is from an earlier version, or planted: a link is removed. */
export async function openNew(path: string, mode: number): Promise<FileHandle> {
  try {
    return await openFile(path, 'wx+', mode)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    await removeFile(path)
    return await openFile(path, 'wx+', mode)
  }
}
