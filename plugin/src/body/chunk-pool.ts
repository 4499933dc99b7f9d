import { LinkedList } from '../linked-list.ts'

/** A client that has not taken a chunk after this time has stopped reading, or is nearly as slow. */
const OVERDUE_MS = 250
/** After this time half of the idle memory is freed. */
const TRIM_AFTER_MS = 5000

/** Bounds of a {@link ChunkPool}. */
export interface ChunkPoolOptions {
  readonly chunkBytes: number
  /** Chunks that are in use at a time. */
  readonly inUse: number
  /** More chunks, which did not come back in time: clients that stall must not slow down the others. */
  readonly overdue: number
}

/** Memory for one write. After the first call of one of its two methods, both do nothing. */
export interface Chunk {
  readonly bytes: Buffer
  /** Returns the memory to the pool. Every view of it is empty afterwards. */
  giveBack(): void
  /** Writes the memory off: code outside our control may still read it, so it is never used again. */
  writeOff(): void
}

/**
 * Memory for writes that is used again. Fresh memory costs more than reading the file into it.
 *
 * No byte of one answer can get into another through the pool. Memory that comes back is moved to a new ArrayBuffer
 * first, so every view that was kept is empty. Memory that may still be read does not come back.
 */
export class ChunkPool {
  readonly #options: ChunkPoolOptions
  readonly #idle: ArrayBuffer[] = []
  /** Since when chunks are in use, in ms; the longest first. */
  readonly #inUse = new LinkedList<number>()
  #overdue = 0
  #trimmer: NodeJS.Timeout | undefined

  constructor(options: ChunkPoolOptions) {
    this.#options = options
  }

  /** How many chunks can be taken now. */
  get free(): number {
    this.#moveOverdue()
    return this.#options.inUse - this.#inUse.size
  }

  /** How many chunks did not come back in time. */
  get overdue(): number {
    return this.#overdue
  }

  /** Takes a chunk; undefined if all are in use. */
  take(): Chunk | undefined {
    if (this.free <= 0) return undefined
    const memory = this.#idle.pop() ?? new ArrayBuffer(this.#options.chunkBytes)
    let isOut = true
    const end = (): boolean => {
      if (!isOut) return false
      isOut = false
      if (!this.#inUse.remove(use)) this.#overdue--
      return true
    }
    const use = this.#inUse.add(performance.now())
    return {
      bytes: Buffer.from(memory),
      giveBack: () => {
        if (end()) this.#keep(move(memory))
      },
      writeOff: () => {
        end()
      },
    }
  }

  /** Counts overdue chunks apart, up to their bound, so that others can be taken. */
  #moveOverdue(): void {
    if (this.#inUse.size < this.#options.inUse / 2) return
    const limit = performance.now() - OVERDUE_MS
    for (const use of this.#inUse) {
      if (use.value > limit || this.#overdue >= this.#options.overdue) return
      this.#inUse.remove(use)
      this.#overdue++
    }
  }

  #keep(memory: ArrayBuffer | undefined): void {
    // Code that was given the bytes may have transferred them.
    if (memory === undefined) return
    // Chunks that were overdue come back on top of the bound.
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

/** Memory as Node.js 22 and later have it. To transfer it takes a tenth of the time of a clone. */
interface Movable {
  transfer?(): ArrayBuffer
}

/**
 * Moves memory to a new ArrayBuffer. The old one is empty then, and so is every view of it. Undefined if the memory was
 * transferred before, or cannot be.
 */
function move(memory: ArrayBuffer & Movable): ArrayBuffer | undefined {
  try {
    if (memory.byteLength === 0) return undefined
    return memory.transfer?.() ?? structuredClone(memory, { transfer: [memory] })
  } catch {
    return undefined
  }
}
