import { foreignFailure } from '../foreign-failure.ts'
import { brokenContract } from './source-checks.ts'

/** The `readAt` of a source. Its arguments are memory, a position and a signal. */
type ReadAt = (...args: readonly unknown[]) => unknown

/**
 * Reads at positions of a source. The source reads into fresh memory, which is all zeros, and the bytes are copied from
 * there. So memory that it keeps, writes to later or transfers belongs to no other answer. If it counts bytes that it has
 * not read, they are zeros and not bytes of another answer.
 */
export class SourceReads {
  readonly #readAt: ReadAt
  /** The unused part of the memory of short reads, by the position where the read was to end. */
  readonly #unused = new Map<number, Uint8Array>()

  /** @param readAt calls the method of the source */
  constructor(readAt: ReadAt) {
    this.#readAt = readAt
  }

  /**
   * As in `PositionalRepresentation`. The count is not checked.
   *
   * @throws SendRangeError `ERR_RANGE_SOURCE`
   */
  async readAt(target: Uint8Array, position: number, signal: AbortSignal): Promise<number> {
    const end = position + target.length
    const unused = this.#unused.get(end)
    this.#unused.delete(end)
    const memory = unused?.length === target.length ? unused : new Uint8Array(target.length)
    let count: number
    try {
      count = (await this.#readAt(memory, position, signal)) as number
    } catch (thrown) {
      throw foreignFailure('ERR_RANGE_SOURCE', 'The readAt of the source', thrown)
    }
    if (memory.length !== target.length)
      throw brokenContract('The source transferred the memory that it was to read into')
    // The caller checks the count.
    if (!Number.isInteger(count) || count < 1 || count > memory.length) return count
    if (!signal.aborted) target.set(memory.subarray(0, count))
    if (count < memory.length) this.#unused.set(end, memory.subarray(count))
    return count
  }
}
