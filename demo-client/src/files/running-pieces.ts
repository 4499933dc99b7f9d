// The digests of the pieces of a file, while it is read once.
import type { Pieces } from '../rules/expected-file.ts'
import { hashOfNode, type RunningHash } from './running-hash.ts'

/** Hashes of consecutive pieces, which all have one length, except the last one. */
export class RunningPieces {
  readonly #pieces: Pick<Pieces, 'algorithm' | 'length'>
  readonly #digests: string[] = []
  #hash: RunningHash
  /** Bytes that the current piece lacks. */
  #missing: number

  constructor(pieces: Pick<Pieces, 'algorithm' | 'length'>) {
    this.#pieces = pieces
    this.#hash = hashOfNode(pieces.algorithm)
    this.#missing = pieces.length
  }

  update(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + this.#missing)
      this.#hash.update(part)
      this.#missing -= part.length
      from += part.length
      if (this.#missing === 0) this.#next()
    }
  }

  /** The digests in base64. Call it once, at the end of the file. */
  end(): readonly string[] {
    if (this.#missing < this.#pieces.length) this.#next()
    return this.#digests
  }

  #next(): void {
    this.#digests.push(this.#hash.digest())
    this.#hash = hashOfNode(this.#pieces.algorithm)
    this.#missing = this.#pieces.length
  }
}
