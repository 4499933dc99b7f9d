/** How many sizes a source remembers. A path has some hundred bytes. */
const MAX_SIZES = 1000

/**
 * The sizes that objects had when they were last read, by their paths. An answer with the last bytes then needs one
 * request instead of two. A size may be old: what comes says the true one.
 */
export class KnownSizes {
  /** The one that was set first is first. */
  readonly #sizes = new Map<string, number>()

  get(path: string): number | undefined {
    return this.#sizes.get(path)
  }

  set(path: string, size: number): void {
    this.#sizes.delete(path)
    this.#sizes.set(path, size)
    if (this.#sizes.size <= MAX_SIZES) return
    const [oldest] = this.#sizes.keys()
    if (oldest !== undefined) this.#sizes.delete(oldest)
  }
}
