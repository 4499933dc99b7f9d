import { createHash, type Hash } from 'node:crypto'
import { representationChanged } from '../errors.ts'
import { HASH_CHUNK_BYTES } from '../memory-bounds.ts'
import { type HashUrgency, hashTurns } from '../sources/hash-turns.ts'
import type { OpenFile } from './open-file.ts'

/** How a file is hashed. */
export interface HashReading {
  readonly urgency: HashUrgency
  /** Stops after what has been read at once. */
  readonly signal?: AbortSignal
}

/** The hash of the content of one version of a file, made in steps. Between two steps other work is done. */
export class ContentHash {
  readonly #hash: Hash
  #position = 0

  /** @param algorithm as OpenSSL names it */
  constructor(algorithm: 'sha256' | 'sha512') {
    this.#hash = createHash(algorithm)
  }

  /**
   * Reads on from where it was, to the end of the file. It may go on with another descriptor of the same version.
   *
   * @returns whether all bytes are hashed
   * @throws SendRangeError `ERR_RANGE_CHANGED` if the file is shorter than it was
   */
  async readOn(
    file: Pick<OpenFile, 'version' | 'readAt'>,
    { urgency, signal }: HashReading,
  ): Promise<boolean> {
    const size = Number(file.version.size)
    const buffer = Buffer.allocUnsafe(Math.min(size - this.#position, HASH_CHUNK_BYTES))
    while (this.#position < size) {
      if (signal?.aborted) return false
      const target = buffer.subarray(0, Math.min(buffer.length, size - this.#position))
      const bytesRead = await file.readAt(target, this.#position)
      if (bytesRead === 0) throw representationChanged()
      await hashTurns.update(this.#hash, buffer.subarray(0, bytesRead), urgency)
      this.#position += bytesRead
    }
    return true
  }

  /** The digest. It can be called once. */
  digest(encoding: 'base64' | 'base64url'): string {
    return this.#hash.digest(encoding)
  }
}
