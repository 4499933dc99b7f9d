// Where connections wait while a download is paused.

/** In a pause, a segment goes on if fewer bytes than this are missing and they come within this time. */
const SMALL_REMAINDER_BYTES = 64 * 1024
const GRACE_MS = 500

/** Closed by `close()`. Opened by `open()`, and for ever by the end of the download. */
export class PauseGate {
  readonly #over: AbortSignal
  readonly #abortSegments: (minBytes: number) => void
  #closed: Promise<void> | null = null
  #open: () => void = () => undefined

  /**
   * @param over aborted when there is nothing left to wait for
   * @param abortSegments aborts the segments of which this number of bytes or more are missing
   */
  constructor(over: AbortSignal, abortSegments: (minBytes: number) => void) {
    this.#over = over
    this.#abortSegments = abortSegments
    over.addEventListener('abort', () => this.open(), { once: true })
  }

  get isClosed(): boolean {
    return this.#closed !== null
  }

  /**
   * Resolves once the gate is open. If it is closed again before that, this waits again. The end of the download opens
   * it too, so check for that afterwards.
   */
  async pass(): Promise<void> {
    while (this.#closed !== null) await this.#closed
  }

  close(): void {
    if (this.#over.aborted || this.#closed !== null) return
    const opened = new Promise<void>((resolve) => {
      this.#open = resolve
    })
    this.#closed = opened
    this.#abortSegments(SMALL_REMAINDER_BYTES)
    const grace = setTimeout(this.#abortSegments, GRACE_MS, 0)
    void opened.then(() => clearTimeout(grace))
  }

  open(): void {
    this.#closed = null
    this.#open()
  }
}
