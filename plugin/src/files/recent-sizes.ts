import { type FileVersion, fileKeyOf } from './file-version.ts'

const MAX_REMEMBERED = 4096
/** A file that was shorter within this time, in ms, counts as growing. */
const GROWING_MS = 10_000

interface SeenSize {
  readonly size: bigint
  /** Ms since some moment, by a clock that only goes forward. */
  readonly at: number
}

/** Recent sizes of files. A file that grows is not hashed: its digest would not last. */
export class RecentSizes {
  readonly #seen = new Map<string, SeenSize>()

  /** Notes the size of a file. True if the file was shorter a short time ago. */
  isGrowth(version: FileVersion): boolean {
    const { size } = version
    const key = fileKeyOf(version)
    const before = this.#seen.get(key)
    const at = performance.now()
    this.#seen.delete(key)
    this.#seen.set(key, { size, at })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MAX_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest)
    return before !== undefined && size > before.size && at - before.at < GROWING_MS
  }
}
