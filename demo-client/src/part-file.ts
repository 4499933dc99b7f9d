// NAME.part: positional writes, flushes, the checks of what is in it, and the rename that ends it.
import { constants } from 'node:fs'
import { type FileHandle, rm } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type Algorithm, hasher } from './digest.ts'
import { DirectWrites } from './direct-writes.ts'
import { fileError } from './errors.ts'
import { type FinalName, giveFinalName } from './final-name.ts'
import type { Block, Interval } from './plan.ts'
import { openRegular } from './regular-file.ts'

const READ_SIZE = 1024 * 1024

/** An open part file. Close it. Every method throws {@link DownloadError} of the file system's kind. */
export class PartFile {
  readonly path: string
  readonly #file: FileHandle
  readonly #direct: DirectWrites
  #isKept = false
  readonly #signal: AbortSignal | null

  private constructor(path: string, file: FileHandle, signal: AbortSignal | null) {
    this.path = path
    this.#file = file
    this.#direct = new DirectWrites(file)
    this.#signal = signal
  }

  /**
   * Opens the part file, creating it where there is none. A link or anything but a file is refused. `signal`
   * ends the reading of large parts of it.
   */
  static async open(path: string, signal: AbortSignal | null): Promise<PartFile> {
    try {
      const file = await openRegular(path, constants.O_RDWR | constants.O_CREAT)
      return new PartFile(path, file, signal)
    } catch (error) {
      throw fileError(error, path)
    }
  }

  /** Its size in bytes. */
  async size(): Promise<number> {
    return (await this.#attempt(() => this.#file.stat())).size
  }

  /** Writes all of `bytes` at `position`. */
  async write(bytes: Buffer, position: number): Promise<void> {
    await this.#attempt(async () => {
      if (!this.#isKept && (await this.#direct.write(bytes, position))) return
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    })
  }

  /** What is written from now on is worth its place in the page cache: it will soon be read again. */
  keepCached(): void {
    this.#isKept = true
  }

  /** Returns once everything written so far is on the disk. */
  async flush(): Promise<void> {
    await this.#attempt(() => this.#file.datasync())
  }

  /** Cuts the file, or stretches it, to `size` bytes. */
  async truncate(size: number): Promise<void> {
    await this.#attempt(() => this.#file.truncate(size))
  }

  /** Does the file hold what the block's CRC says? Reads it again from the disk. */
  async holds(block: Block): Promise<boolean> {
    let crc = 0
    const length = await this.#read(block, (bytes) => {
      crc = crc32(bytes, crc)
    })
    return length === block.end - block.start && crc === block.crc
  }

  /** The digest of the first `size` bytes, in base64. */
  async digest(algorithm: Algorithm, size: number): Promise<string> {
    const hash = hasher(algorithm)
    await this.#read({ start: 0, end: size }, (bytes) => hash.update(bytes))
    return hash.digest('base64')
  }

  /** See {@link giveFinalName}. */
  async finish(name: FinalName): Promise<void> {
    await this.#attempt(() => giveFinalName({ file: this.#file, path: this.path }, name))
  }

  async close(): Promise<void> {
    await this.#direct.close()
    await this.#file.close()
  }

  /** Deletes the file under its part name. */
  async remove(): Promise<void> {
    await this.#attempt(() => rm(this.path, { force: true }))
  }

  /** Hands over one piece while the next one is being read. */
  async #read({ start, end }: Interval, take: (bytes: Buffer) => void): Promise<number> {
    const size = Math.min(READ_SIZE, end - start)
    let [buffer, other] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
    let position = start
    let reading = this.#readAt(position, end, buffer)
    for (;;) {
      const bytes = await reading
      if (bytes.length === 0) return position - start
      position += bytes.length
      this.#signal?.throwIfAborted()
      reading = this.#readAt(position, end, other)
      reading.catch(() => undefined) // told when it is awaited, unless `take` throws before
      take(bytes)
      ;[buffer, other] = [other, buffer]
    }
  }

  async #readAt(position: number, end: number, buffer: Buffer): Promise<Buffer> {
    const length = Math.min(buffer.length, end - position)
    if (length === 0) return buffer.subarray(0, 0)
    const { bytesRead } = await this.#attempt(() => this.#file.read(buffer, 0, length, position))
    return buffer.subarray(0, bytesRead)
  }

  async #attempt<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation()
    } catch (error) {
      throw fileError(error, this.path)
    }
  }
}
