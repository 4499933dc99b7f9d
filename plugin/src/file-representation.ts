import { mtimeMsOf, stillPinned } from './file-version.ts'
import type { OpenFile } from './open-file.ts'
import type { ByteRange } from './range-set.ts'
import type { PositionalRepresentation } from './source.ts'

/** Build systems that want the same bytes each time set file times to 0 or 1 second: that dates nothing. */
const FIRST_REAL_MTIME_MS = 2000

/** One version of a file, on the descriptor that was pinned for it. */
export class FileRepresentation implements PositionalRepresentation {
  readonly size: number
  readonly etag: string | undefined
  readonly lastModified: Date | undefined
  readonly #file: OpenFile

  constructor(file: OpenFile, etag: string | undefined) {
    const mtimeMs = mtimeMsOf(file.version)
    this.#file = file
    this.size = Number(file.version.size)
    this.etag = etag
    this.lastModified = mtimeMs < FIRST_REAL_MTIME_MS ? undefined : new Date(mtimeMs)
  }

  atHand({ first, last }: ByteRange): Uint8Array | undefined {
    return this.#file.hotRanges.find(first, last - first + 1)
  }

  /** A version that is not settled proves nothing yet: it may have been written to unseen. */
  keepAtHand({ first }: ByteRange, bytes: Uint8Array): void {
    if (this.#file.settled) this.#file.hotRanges.keep(first, bytes)
  }

  readAt(target: Uint8Array, position: number): Promise<number> {
    return this.#file.readAt(target, position)
  }

  async unchanged(): Promise<boolean> {
    return stillPinned(this.#file.version, await this.#file.currentVersion())
  }

  close(): void {
    this.#file.release()
  }
}
