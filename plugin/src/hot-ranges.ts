const MAX_RANGE_BYTES = 16 * 1024
/** What an entry takes beside its bytes, about: many tiny ranges must not add up to more than the budget. */
const ENTRY_BYTES = 256
const MAX_TOTAL_BYTES = 16 * 1024 * 1024

/** How much all {@link HotRanges} may hold together. When it is used up all are emptied: what is hot comes back soon. */
export class HotRangeBudget {
  #usedBytes = 0
  #generation = 0

  /** Changes whenever everything kept so far has to go. */
  get generation(): number {
    return this.#generation
  }

  /** Takes bytes off the budget. */
  spend(bytes: number): void {
    this.#usedBytes += bytes
    if (this.#usedBytes <= MAX_TOTAL_BYTES) return
    this.#usedBytes = bytes
    this.#generation++
  }
}

/** Small stretches of one version of a file that were read lately, kept in memory. */
export class HotRanges {
  readonly #budget: HotRangeBudget
  readonly #byFirst = new Map<number, Buffer>()
  #generation: number

  constructor(budget: HotRangeBudget) {
    this.#budget = budget
    this.#generation = budget.generation
  }

  /** The `length` bytes from `first`, not to be written to; undefined when they are not here. */
  find(first: number, length: number): Buffer | undefined {
    if (length > MAX_RANGE_BYTES || this.#generation !== this.#budget.generation) return undefined
    const bytes = this.#byFirst.get(first)
    return bytes?.length === length ? bytes : undefined
  }

  /** Keeps a copy of bytes that were read from `first`, unless they are many. */
  keep(first: number, bytes: Uint8Array): void {
    if (bytes.length > MAX_RANGE_BYTES) return
    this.#budget.spend(bytes.length + ENTRY_BYTES)
    if (this.#generation !== this.#budget.generation) {
      this.#generation = this.#budget.generation
      this.#byFirst.clear()
    }
    this.#byFirst.set(first, Buffer.from(bytes))
  }
}
