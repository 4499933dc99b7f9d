/** A map that forgets the entry that was set or got longest ago, if it has too many. */
export class RecentEntries<T> {
  // A Map keeps insertion order: the first entry is the least recently used.
  readonly #entries = new Map<string, T>()
  readonly #max: number

  /** @param max entries that are kept */
  constructor(max: number) {
    this.#max = max
  }

  /** The value of a key, which counts as used. */
  get(key: string): T | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  /** Sets the value of a key. */
  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Removes a key, and returns its value. */
  take(key: string): T | undefined {
    const value = this.#entries.get(key)
    this.#entries.delete(key)
    return value
  }
}
