import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeFolder } from './make-folder.ts'

/** What to compare a finished download with. */
export interface Checksum {
  /** In bytes. */
  size: number
  /** In hexadecimal. */
  sha256: string
}

/** A file that the demo generates: when it does not exist, and again on demand. */
export class GeneratedFile {
  readonly #path: string
  readonly #pieces: () => Iterable<Buffer>
  #making: Promise<void> | undefined
  #checksum: { readonly version: string; readonly value: Promise<Checksum> } | undefined

  /** @param pieces makes the content. It is called once for each version */
  constructor(path: string, pieces: () => Iterable<Buffer>) {
    this.#path = path
    this.#pieces = pieces
  }

  /** Makes the file unless it exists. Rejects with the file system's error. The caller may try again. */
  async ready(): Promise<void> {
    const isThere = await stat(this.#path).then(
      () => true,
      () => false,
    )
    if (!isThere) await this.#make()
  }

  /**
   * Replaces the file with a new version. Readers that have the old one open keep it. A call during a replacement
   * shares that replacement: it is new to every caller, and at most one unfinished file is on the disk.
   */
  async replace(): Promise<void> {
    await this.#make()
  }

  /** The size and hash of the file. Reads the whole file once for each version. */
  async checksum(): Promise<Checksum> {
    await this.ready()
    const file = await open(this.#path)
    try {
      const { ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
      const version = [ino, size, mtimeNs, ctimeNs].join(' ')
      if (this.#checksum?.version !== version) this.#checksum = { version, value: checksumOf(file) }
      return await this.#checksum.value
    } catch (error) {
      this.#checksum = undefined
      throw error
    } finally {
      await file.close()
    }
  }

  #make(): Promise<void> {
    this.#making ??= this.#write().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** The file gets its name by a rename, so that an unfinished file is never visible. */
  async #write(): Promise<void> {
    await makeFolder(dirname(this.#path))
    const unfinished = `${this.#path}.${randomUUID()}.tmp`
    try {
      await writeFile(unfinished, this.#pieces())
      await rename(unfinished, this.#path)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  }
}

async function checksumOf(file: FileHandle): Promise<Checksum> {
  const hash = createHash('sha256')
  const content = file.createReadStream({ highWaterMark: 1024 * 1024, start: 0, autoClose: false })
  await pipeline(content, hash)
  return { size: content.bytesRead, sha256: hash.digest('hex') }
}
