/** Slabs of one size, at most so many of them; those that lie idle are let go. */
export class BufferPool {
  readonly #slabBytes: number
  readonly #maxSlabs: number
  readonly #idle: Buffer[] = []
  #lent = 0
  #trimmer: NodeJS.Timeout | undefined

  constructor(slabBytes: number, maxSlabs: number) {
    this.#slabBytes = slabBytes
    this.#maxSlabs = maxSlabs
  }

  /** How many can be lent. */
  get free(): number {
    return this.#maxSlabs - this.#lent
  }

  /** A slab, or undefined when all are lent. Give it back with {@link BufferPool.give} once nothing reads it. */
  take(): Buffer | undefined {
    if (this.free === 0) return undefined
    this.#lent++
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#slabBytes)
  }

  /** Takes a slab back. */
  give(slab: Buffer): void {
    this.#lent--
    this.#idle.push(slab)
    this.#trimmer ??= setTimeout(() => this.#trim(), TRIM_AFTER_MS).unref()
  }

  /** Counts a slab as gone that something out of reach may still be reading. */
  forfeit(): void {
    this.#lent--
  }

  #trim(): void {
    this.#trimmer = undefined
    this.#idle.length = Math.floor(this.#idle.length / 2)
    if (this.#idle.length > 0) this.#trimmer = setTimeout(() => this.#trim(), TRIM_AFTER_MS).unref()
  }
}

const TRIM_AFTER_MS = 5000
