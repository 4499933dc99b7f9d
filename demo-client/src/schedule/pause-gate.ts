// Where connections wait while a download is paused.

/** A rest up to this size, in bytes, may be received to its end in a pause, if it is there within this time, in ms. */
const SMALL_REST = 64 * 1024
const GRACE = 500

/** Closed by `close()`; opened by `open()`, and for good by the end of the download. */
export class PauseGate {
  readonly #over: AbortSignal
  readonly #giveUpRests: (least: number) => void
  #closed: Promise<void> | null = null
  #open: () => void = () => undefined

  /**
   * @param over aborted when there is nothing left to wait for
   * @param giveUpRests gives up what is being received, where this number of bytes or more of it are missing
   */
  constructor(over: AbortSignal, giveUpRests: (least: number) => void) {
    this.#over = over
    this.#giveUpRests = giveUpRests
    over.addEventListener('abort', () => this.open(), { once: true })
  }

  get isClosed(): boolean {
    return this.#closed !== null
  }

  /** Resolves once the gate is open, also where it was closed again meanwhile. Look then whether all is over. */
  async pass(): Promise<void> {
    while (this.#closed !== null) await this.#closed
  }

  close(): void {
    if (this.#over.aborted || this.#closed !== null) return
    const opened = new Promise<void>((resolve) => {
      this.#open = resolve
    })
    this.#closed = opened
    this.#giveUpRests(SMALL_REST)
    const grace = setTimeout(this.#giveUpRests, GRACE, 0)
    void opened.then(() => clearTimeout(grace))
  }

  open(): void {
    this.#closed = null
    this.#open()
  }
}
