// What became of each file, for one reader, in a bounded queue.

/** Keeps outcomes until they are read. Without a reader they are dropped, so that nothing fills memory. */
export class OutcomeFeed<T> {
  readonly #most: number
  readonly #onRead: () => void
  #unread: T[] = []
  #hasReader = false
  #isOver = false
  #wake: () => void = () => undefined

  /**
   * @param most this many may be unread before the feed is full
   * @param onRead called after each outcome that was read, and when the reader leaves
   */
  constructor(most: number, onRead: () => void) {
    this.#most = most
    this.#onRead = onRead
  }

  /** Is the reader behind? Then no new work is begun. */
  get isFull(): boolean {
    return this.#unread.length >= this.#most
  }

  add(outcome: T): void {
    if (this.#hasReader) this.#unread.push(outcome)
    this.#wake()
  }

  /** There are no further outcomes. */
  end(): void {
    this.#isOver = true
    this.#wake()
  }

  /** Every outcome from now on, until the end. Two readers at once share them. */
  read(): AsyncGenerator<T, void, undefined> {
    this.#hasReader = true // now and not at the first step, so that nothing is missed in between
    return this.#outcomes()
  }

  async *#outcomes(): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const outcome = this.#unread.shift()
        if (outcome !== undefined) {
          this.#onRead()
          yield outcome
        } else if (this.#isOver) return
        else await new Promise<void>((resolve) => this.#waitFor(resolve))
      }
    } finally {
      this.#hasReader = false
      this.#unread = []
      this.#onRead()
    }
  }

  #waitFor(resolve: () => void): void {
    const others = this.#wake
    this.#wake = () => {
      this.#wake = () => undefined
      others()
      resolve()
    }
  }
}
