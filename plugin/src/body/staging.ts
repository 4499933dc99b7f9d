import { type Chunk, ChunkPool, type ChunkPoolOptions } from './chunk-pool.ts'

/** Memory that has waited this long, in ms, for a client to take what was copied from it is taken back. */
const OVERDUE_MS = 250

/**
 * Memory that is read into, and that leaves only as copies. So it can be taken back from a client that stops reading,
 * whatever that client's connection still holds.
 */
export class Staging {
  readonly #pool: ChunkPool
  /** Read, and since when its next copy waits, in ms; the longest first. */
  readonly #waiting = new Map<Chunk, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: Pick<ChunkPoolOptions, 'chunkBytes' | 'inUse'>) {
    this.#pool = new ChunkPool({ ...options, overdue: 0 })
  }

  /** Lends memory; undefined when all is in use by clients that keep up. */
  take(): Chunk | undefined {
    return this.#pool.take()
  }

  /**
   * Says that nothing reads into the memory any more and a copy of its bytes waits to be written. When that takes
   * long the memory is taken back, which leaves it without a byte.
   */
  wait(chunk: Chunk): void {
    if (chunk.bytes.length === 0) return
    this.#waiting.delete(chunk)
    this.#waiting.set(chunk, performance.now())
    this.#timer ??= setTimeout(() => this.#takeBack(), OVERDUE_MS).unref()
  }

  /** Ends the loan; does nothing when it was taken back. */
  giveBack(chunk: Chunk): void {
    this.#waiting.delete(chunk)
    chunk.giveBack()
  }

  #takeBack(): void {
    const limit = performance.now() - OVERDUE_MS
    for (const [chunk, since] of this.#waiting) {
      if (since > limit) break
      this.giveBack(chunk)
    }
    this.#timer = this.#waiting.size === 0 ? undefined : this.#timer?.refresh()
  }
}
