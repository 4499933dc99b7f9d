/** A client that has not taken a chunk after this long, in ms, has stopped reading, or is about as slow. */
const OVERDUE_MS = 250
/** Ms after which half of the memory that lies idle is freed. */
const TRIM_AFTER_MS = 5000

/** Bounds of a {@link ChunkPool}. */
export interface ChunkPoolOptions {
  readonly chunkBytes: number
  /** How many are lent at a time. */
  readonly inUse: number
  /** How many more may be out that did not come back in time: clients that stall must not slow down the others. */
  readonly overdue: number
}

/** Memory for one write. It ends in one of two ways, and the second call of either does nothing. */
export interface Chunk {
  readonly bytes: Buffer
  /** Ends the loan. Every view of this memory is empty afterwards. */
  giveBack(): void
  /** Ends the loan for good: something may still read the memory, so it is never used again. */
  writeOff(): void
}

/**
 * Lends memory for writes and uses it again: fresh memory costs more than reading the file into it.
 *
 * No byte of one answer can get into another through it: memory that comes back is moved to a new ArrayBuffer first,
 * which leaves every view that anybody kept without a byte; and memory that may still be read does not come back.
 */
export class ChunkPool {
  readonly #options: ChunkPoolOptions
  readonly #idle: ArrayBuffer[] = []
  /** Lent within the last {@link OVERDUE_MS}, or lately enough; the oldest first. */
  readonly #inUse = new Map<Chunk, number>()
  #overdue = 0
  #trimmer: NodeJS.Timeout | undefined

  constructor(options: ChunkPoolOptions) {
    this.#options = options
  }

  /** How many can be lent. */
  get free(): number {
    this.#moveOverdue()
    return this.#options.inUse - this.#inUse.size
  }

  /** How many did not come back in time. */
  get overdue(): number {
    return this.#overdue
  }

  /** Lends memory of the size of the pool; undefined when all is lent. */
  take(): Chunk | undefined {
    if (this.free <= 0) return undefined
    const memory = this.#idle.pop() ?? new ArrayBuffer(this.#options.chunkBytes)
    let isOut = true
    const end = (): boolean => {
      if (!isOut) return false
      isOut = false
      if (!this.#inUse.delete(chunk)) this.#overdue--
      return true
    }
    const chunk: Chunk = {
      bytes: Buffer.from(memory),
      giveBack: () => {
        if (end()) this.#keep(move(memory))
      },
      writeOff: () => {
        end()
      },
    }
    this.#inUse.set(chunk, performance.now())
    return chunk
  }

  /** Counts those that are late apart, as far as that goes: the others can be lent again. */
  #moveOverdue(): void {
    if (this.#inUse.size < this.#options.inUse / 2) return
    const limit = performance.now() - OVERDUE_MS
    for (const [chunk, since] of this.#inUse) {
      if (since > limit || this.#overdue >= this.#options.overdue) return
      this.#inUse.delete(chunk)
      this.#overdue++
    }
  }

  #keep(memory: ArrayBuffer | undefined): void {
    // Whatever was given the bytes may have transferred them.
    if (memory === undefined) return
    // Those that were late come back on top of those that can be lent.
    if (this.#idle.length >= this.#options.inUse) return
    this.#idle.push(memory)
    this.#trimmer ??= setTimeout(() => this.#trim(), TRIM_AFTER_MS).unref()
  }

  #trim(): void {
    this.#trimmer = undefined
    this.#idle.length = Math.floor(this.#idle.length / 2)
    if (this.#idle.length > 0) this.#trimmer = setTimeout(() => this.#trim(), TRIM_AFTER_MS).unref()
  }
}

/**
 * Moves memory to a new ArrayBuffer; the old one, and with it every view of it, has no byte any more. Undefined for memory
 * that was transferred, or cannot be.
 */
function move(memory: ArrayBuffer): ArrayBuffer | undefined {
  try {
    return memory.byteLength === 0 ? undefined : structuredClone(memory, { transfer: [memory] })
  } catch {
    return undefined
  }
}
