import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where the files that the demo generates are kept. */
export interface DataFolder {
  readonly path: string
  /** Whether it is a temporary one, because the usual one cannot be written to. Then `remove()` it at the end. */
  readonly isTemporary: boolean
  remove(): Promise<void>
}

/** The `usual` folder if it can be written to or made, otherwise a temporary one. The first file makes it. */
export async function chooseDataFolder(usual: string): Promise<DataFolder> {
  if ((await isWritable(usual)) ?? (await isWritable(dirname(usual))) ?? true)
    return { path: usual, isTemporary: false, remove: async () => undefined }
  const path = join(tmpdir(), `demo-server-${randomUUID()}`)
  return { path, isTemporary: true, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Null if nothing is known, for instance because the folder does not exist. */
async function isWritable(folder: string): Promise<boolean | null> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? false : null
  }
}
