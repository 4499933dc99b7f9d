import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pattern } from './pattern.ts'

/** Bytes. */
export const LARGE_BYTES: number = 1024 ** 3
/** Bytes. */
export const SMALL_BYTES: number = 8 * 1024

/** The names of the test files below the root. */
export const LARGE_NAME = 'large.bin'
export const SMALL_NAME = 'small.bin'

/** Room that has to stay free beside the files. */
const MARGIN_BYTES = 256 * 1024 ** 2

/** A temporary folder with the files that are served; `remove` deletes it. */
export interface Fixtures {
  readonly root: string
  remove(): Promise<void>
}

/** Writes the test files. Throws when the disk has no room for them. */
export async function createFixtures(): Promise<Fixtures> {
  const { bavail, bsize } = await statfs(tmpdir())
  const needed = LARGE_BYTES + MARGIN_BYTES
  if (bavail * bsize < needed) throw new Error(`${tmpdir()} needs ${needed} bytes of free space`)
  const root = await mkdtemp(join(tmpdir(), 'send-range-bench-'))
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true })
  try {
    await writePattern(join(root, LARGE_NAME), LARGE_BYTES)
    await writePattern(join(root, SMALL_NAME), SMALL_BYTES)
    return { root, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Data goes to disk before anything is measured, or writing it back would disturb. */
async function writePattern(path: string, size: number): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for (let written = 0; written < size; ) {
      const { bytesWritten } = await file.write(pattern, 0, Math.min(pattern.length, size - written))
      written += bytesWritten
    }
    await file.sync()
  } finally {
    await file.close()
  }
}
