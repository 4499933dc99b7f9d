import { mtimeMsOf, stillPinned } from './file-version.ts'
import type { HotRanges } from './hot-ranges.ts'
import type { OpenFile } from './open-file.ts'
import type { PositionalRepresentation } from './source.ts'

/** Build systems that want the same bytes each time set file times to 0 or 1 second: that dates nothing. */
const FIRST_REAL_MTIME_MS = 2000

interface Stretch {
  readonly position: number
  readonly bytes: Uint8Array
}

/** One version of a file, on the descriptor that was pinned for it. */
export class FileRepresentation implements PositionalRepresentation {
  readonly size: number
  readonly etag: string | undefined
  readonly lastModified: Date | undefined
  readonly #file: OpenFile
  readonly #hotRanges: HotRanges
  /** Where bytes of this response came from the file itself: only the last stretch, which is all of a small one. */
  #read: Stretch | undefined

  constructor(file: OpenFile, hotRanges: HotRanges, etag: string | undefined) {
    const mtimeMs = mtimeMsOf(file.version)
    this.#file = file
    this.#hotRanges = hotRanges
    this.size = Number(file.version.size)
    this.etag = etag
    this.lastModified = mtimeMs < FIRST_REAL_MTIME_MS ? undefined : new Date(mtimeMs)
  }

  async readAt(target: Uint8Array, position: number): Promise<number> {
    if (this.#hotRanges.copy(this.#file.versionTag, position, target)) return target.length
    const count = await this.#file.readAt(target, position)
    this.#read = { position, bytes: target.subarray(0, count) }
    return count
  }

  async unchanged(): Promise<boolean> {
    // Bytes that were kept are bytes of this very version, whatever became of the file since.
    if (this.#read === undefined) return true
    if (!stillPinned(this.#file.version, await this.#file.currentVersion())) return false
    if (this.#file.settled) this.#hotRanges.keep(this.#file.versionTag, this.#read.position, this.#read.bytes)
    return true
  }

  close(): void {
    this.#file.release()
  }
}
