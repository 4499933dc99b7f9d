// The memory of an output: each byte has its place by its position in the file, and the places are used again.
import { DownloadError } from '../errors.ts'

/** Holds up to `size` consecutive bytes of a file. It never grows, whatever a server or a reader does. */
export class Ring {
  readonly #memory: Buffer

  /** @throws DownloadError `ERR_DOWNLOAD_RESOURCES` if there is not so much memory */
  constructor(size: number) {
    try {
      // The system gives the memory page by page, when it is first used.
      this.#memory = Buffer.from(new ArrayBuffer(size))
    } catch (cause) {
      const message = `no memory for ${size} bytes that wait for the output. Use a smaller buffer`
      throw new DownloadError('ERR_DOWNLOAD_RESOURCES', message, { cause })
    }
  }

  /** Puts `bytes` at their `position` in the file. */
  put(bytes: Buffer, position: number): void {
    const at = position % this.#memory.length
    const copied = bytes.copy(this.#memory, at)
    if (copied < bytes.length) bytes.copy(this.#memory, 0, copied)
  }

  /** The bytes from `start` on, as far as they lie in one piece, up to `end`. They are valid until others take their place. */
  slice(start: number, end: number): Buffer {
    const at = start % this.#memory.length
    return this.#memory.subarray(at, Math.min(this.#memory.length, at + end - start))
  }
}
