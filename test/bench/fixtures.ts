import { chmod, mkdir, open, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pattern } from './pattern.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/** Bytes. */
export const LARGE_BYTES: number = 1024 ** 3
/** Bytes. */
export const SMALL_BYTES: number = 8 * 1024
/** Files of a folder, as of a page with its pictures or of a map with its tiles. */
export const MANY_FILES = 1000
/** Bytes of each of them. */
export const MANY_BYTES: number = 4 * 1024

/** The names of the test files below the root. */
export const LARGE_NAME = 'large.bin'
export const SMALL_NAME = 'small.bin'
/** The files of this folder have the numbers from 0 as names. */
export const MANY_NAME = 'many'

/** Disk space that must stay free besides the files. */
const MARGIN_BYTES = 256 * 1024 ** 2

/** Writes the test files into a temporary folder and returns its path. Throws if the disk has too little space. */
export async function createFixtures(): Promise<string> {
  const { bavail, bsize } = await statfs(tmpdir())
  const needed = LARGE_BYTES + MARGIN_BYTES
  if (bavail * bsize < needed) throw new Error(`${tmpdir()} needs ${needed} bytes of free space`)
  const root = await makeTemporaryFolder('send-range-bench-')
  // Apache reads it as another user, if root starts it.
  await chmod(root, 0o755)
  await writePattern(join(root, LARGE_NAME), LARGE_BYTES)
  await writePattern(join(root, SMALL_NAME), SMALL_BYTES)
  await mkdir(join(root, MANY_NAME))
  for (let index = 0; index < MANY_FILES; index++) {
    await writePattern(join(root, MANY_NAME, String(index)), MANY_BYTES)
  }
  return root
}

/** Writes the data to disk before the measurement. A later write-back would disturb it. */
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
