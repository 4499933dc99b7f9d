import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LARGE_NAME } from '../fixtures.ts'
import {
  CAPPED_BYTES,
  CAPPED_NAME,
  CURL_LIST_NAME,
  FOUR_NAME,
  LIST_NAME,
  SMALL_BYTES,
  SMALL_FILES,
  SMALL_FOLDER,
} from './names.ts'

const MIB = 1024 ** 2
const NAMES = [CAPPED_NAME, FOUR_NAME, LIST_NAME, CURL_LIST_NAME, SMALL_FOLDER]

/**
 * Makes the files of the works beside the large one, and the lists of their URLs.
 *
 * @param origin of the server
 * @returns removes them
 */
export async function makeFiles(root: string, origin: string): Promise<() => Promise<void>> {
  await copyBeginning(join(root, LARGE_NAME), join(root, CAPPED_NAME))
  await writeFile(join(root, FOUR_NAME), 'four')
  await mkdir(join(root, SMALL_FOLDER), { recursive: true })
  const names = Array.from({ length: SMALL_FILES }, (_, index) => `${SMALL_FOLDER}/${index}.bin`)
  for (const [index, name] of names.entries())
    await writeFile(join(root, name), Buffer.alloc(SMALL_BYTES, index))
  await writeFile(join(root, LIST_NAME), names.map((name) => `${origin}/${name}\n`).join(''))
  await writeFile(join(root, CURL_LIST_NAME), names.map((name) => `url = "${origin}/${name}"\n`).join(''))
  return async () => {
    for (const name of NAMES) await rm(join(root, name), { recursive: true, force: true })
  }
}

async function copyBeginning(from: string, to: string): Promise<void> {
  const source = await open(from)
  const target = await open(to, 'w')
  const buffer = Buffer.alloc(MIB)
  try {
    for (let at = 0; at < CAPPED_BYTES; at += buffer.length) {
      await source.read(buffer, 0, buffer.length, at)
      await target.write(buffer, 0, buffer.length, at)
    }
  } finally {
    await source.close()
    await target.close()
  }
}
