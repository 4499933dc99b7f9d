import { type Chunk, ChunkPool, type ChunkPoolOptions } from './chunk-pool.ts'

/** After this time memory is taken back from a client that has not taken the last copy. */
const OVERDUE_MS = 250

/**
 * Memory that is read into and copied from. Only the copies are written, so the memory can be taken back from a client
 * that stops reading, although its connection still keeps a copy.
 */
export class Staging {
  readonly #pool: ChunkPool
  /** Chunks of which a copy waits to be taken, and since when, in ms; the longest first. */
  readonly #waiting = new Map<Chunk, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: Pick<ChunkPoolOptions, 'chunkBytes' | 'inUse'>) {
    this.#pool = new ChunkPool({ ...options, overdue: 0 })
  }

  /** Takes a chunk; undefined if all are in use by clients that keep up. */
  take(): Chunk | undefined {
    return this.#pool.take()
  }

  /**
   * Notes that nothing reads into the memory any more, and a copy of its bytes waits to be written. If this takes long,
   * the memory is taken back, and is empty then.
   */
  wait(chunk: Chunk): void {
    if (chunk.bytes.length === 0) return
    this.#waiting.delete(chunk)
    this.#waiting.set(chunk, performance.now())
    this.#timer ??= setTimeout(() => this.#takeBack(), OVERDUE_MS).unref()
  }

  /** Returns the memory. Does nothing if it was taken back. */
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
