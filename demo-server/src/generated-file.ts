import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What a finished download can be compared with. */
export interface Checksum {
  /** In bytes. */
  size: number
  /** In hexadecimal. */
  sha256: string
}

/** A file that the demo makes for itself: on first use, and anew on demand. */
export class GeneratedFile {
  readonly #path: string
  readonly #pieces: () => Iterable<Buffer>
  #ready: Promise<void> | undefined

  /** @param pieces makes the content; called once for each version */
  constructor(path: string, pieces: () => Iterable<Buffer>) {
    this.#path = path
    this.#pieces = pieces
  }

  /** Makes the file unless an earlier run has done so. Rejects with the file system's error, and may be tried again. */
  ready(): Promise<void> {
    this.#ready ??= stat(this.#path).then(
      () => undefined,
      () => this.#make(),
    )
    return this.#ready.catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
  }

  /** Puts a new version in the place of the old one, which whoever has it open keeps. */
  async replace(): Promise<void> {
    await this.ready()
    this.#ready = this.#make()
    await this.ready()
  }

  /** Reads the whole file. */
  async checksum(): Promise<Checksum> {
    await this.ready()
    const hash = createHash('sha256')
    const content = createReadStream(this.#path, { highWaterMark: 1024 * 1024 })
    await pipeline(content, hash)
    return { size: content.bytesRead, sha256: hash.digest('hex') }
  }

  /** The name appears by a rename, so that nobody ever sees half a file. */
  async #make(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
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
