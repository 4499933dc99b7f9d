// Bytes that wait for an output in memory.
import { DownloadError } from '../errors.ts'
import type { Ring } from './ring.ts'

/** Bytes are there at once. */
export class MemoryRing implements Ring {
  readonly underWay = 0
  readonly backlog = null
  readonly #memory: Buffer

  /** @throws DownloadError `ERR_DOWNLOAD_RESOURCES` if there is not so much memory */
  constructor(size: number) {
    try {
      // The system gives the memory page by page, when it is first used.
      this.#memory = Buffer.from(new ArrayBuffer(size))
    } catch (cause) {
      const message = `no memory for ${size} bytes that wait for the output. Use a smaller buffer, or one on a disk`
      throw new DownloadError('ERR_DOWNLOAD_RESOURCES', message, { cause })
    }
  }

  put(bytes: Buffer, position: number): null {
    const at = position % this.#memory.length
    const copied = bytes.copy(this.#memory, at)
    if (copied < bytes.length) bytes.copy(this.#memory, 0, copied)
    return null
  }

  pieceEnd(position: number): number {
    return position - (position % this.#memory.length) + this.#memory.length
  }

  get(start: number, end: number): Buffer {
    const at = start % this.#memory.length
    return this.#memory.subarray(at, at + end - start)
  }

  async close(): Promise<void> {
    // The memory is collected.
  }
}
