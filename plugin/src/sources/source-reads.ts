import { foreignFailure } from '../foreign-failure.ts'
import { brokenContract } from './source-checks.ts'

/** The `readAt` of a source: given memory, a position and a signal. */
type ReadAt = (...args: readonly unknown[]) => unknown

/**
 * Reads at positions of a source. It reads into memory made for that, all zeros, and what it has read is copied: what it
 * keeps, writes to later or transfers belongs to no other answer, and where it counts bytes that it has not read, none of
 * another answer come out.
 */
export class SourceReads {
  readonly #readAt: ReadAt
  /** What is left of the memory of reads that gave fewer bytes than asked, by the position where they end. */
  readonly #rests = new Map<number, Uint8Array>()

  /** @param readAt calls the method of the source */
  constructor(readAt: ReadAt) {
    this.#readAt = readAt
  }

  /**
   * As in `PositionalRepresentation`. The count is unchecked.
   *
   * @throws SendRangeError `ERR_RANGE_SOURCE`
   */
  async readAt(target: Uint8Array, position: number, signal: AbortSignal): Promise<number> {
    const end = position + target.length
    const rest = this.#rests.get(end)
    this.#rests.delete(end)
    const memory = rest?.length === target.length ? rest : new Uint8Array(target.length)
    let count: number
    try {
      count = (await this.#readAt(memory, position, signal)) as number
    } catch (thrown) {
      throw foreignFailure('ERR_RANGE_SOURCE', 'The readAt of the source', thrown)
    }
    if (memory.length !== target.length)
      throw brokenContract('The source transferred the memory that it was to read into')
    // A wrong count is for the caller to find.
    if (!Number.isInteger(count) || count < 1 || count > memory.length) return count
    if (!signal.aborted) target.set(memory.subarray(0, count))
    if (count < memory.length) this.#rests.set(end, memory.subarray(count))
    return count
  }
}
