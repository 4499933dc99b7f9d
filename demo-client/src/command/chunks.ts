/** Bytes that come in chunks, up to a limit. */
export class Chunks {
  readonly #chunks: Buffer[] = []
  readonly #mostBytes: number
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get all(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Returns whether these bytes were not too many. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#bytes > this.#mostBytes) return false
    this.#chunks.push(Buffer.from(chunk)) // the library may use its memory again
    return true
  }
}
