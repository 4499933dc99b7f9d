import { mtimeMsOf, stillPinned } from './file-version.ts'
import type { OpenFile } from './open-file.ts'
import type { ByteRange } from './range-set.ts'
import type { PositionalRepresentation } from './source.ts'

/** Build systems that want the same bytes each time set file times to 0 or 1 second: that dates nothing. */
const FIRST_REAL_MTIME_MS = 2000

interface Stretch {
  readonly first: number
  readonly bytes: Uint8Array
}

/** One version of a file, on the descriptor that was pinned for it. */
export class FileRepresentation implements PositionalRepresentation {
  readonly size: number
  readonly etag: string | undefined
  readonly lastModified: Date | undefined
  readonly #file: OpenFile
  /** The last stretch that was read: for a small range, all of it. */
  #lastRead: Stretch | undefined

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

  async readAt(target: Uint8Array, position: number): Promise<number> {
    const count = await this.#file.readAt(target, position)
    this.#lastRead = { first: position, bytes: target.subarray(0, count) }
    return count
  }

  async unchanged(): Promise<boolean> {
    if (!stillPinned(this.#file.version, await this.#file.currentVersion())) return false
    // Only now is it known that these were bytes of this version. One that is not settled proves nothing yet.
    const { first, bytes } = this.#lastRead ?? NOTHING
    if (this.#file.settled && bytes.length > 0) this.#file.hotRanges.keep(first, bytes)
    return true
  }

  close(): void {
    this.#file.release()
  }
}

const NOTHING: Stretch = { first: 0, bytes: new Uint8Array(0) }
