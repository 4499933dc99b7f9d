// Where connections wait while a download is paused.

/** Closed by `close()`, opened by `open()`. */
export class PauseGate {
  #over: Promise<void> | null = null
  #open: () => void = () => undefined

  get isClosed(): boolean {
    return this.#over !== null
  }

  /** Resolves when the gate opens; null while it is open. */
  get opening(): Promise<void> | null {
    return this.#over
  }

  close(): void {
    this.#over ??= new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#over = null
    this.#open()
  }
}
