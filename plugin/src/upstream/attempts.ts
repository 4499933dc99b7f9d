import { setTimeout as sleep } from 'node:timers/promises'
import { delayBefore } from './backoff.ts'
import { Interruption, unavailable } from './upstream-errors.ts'

/** The tries of one read, which begins again after failures. */
export class Attempts {
  readonly #retries: number
  readonly #signal: AbortSignal
  /** In a row, without a byte between them. */
  #failures = 0

  constructor(retries: number, signal: AbortSignal) {
    this.#retries = retries
    this.#signal = signal
  }

  /** Bytes have come. */
  succeeded(): void {
    this.#failures = 0
  }

  /**
   * Waits until it is time for another try.
   *
   * @throws the error if no other try can help, and SendRangeError `ERR_RANGE_OVERLOADED` after the last one
   */
  async waitAfter(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    if (!(error instanceof Interruption)) throw error
    const { retryAfter } = error
    const delay = delayBefore({ failures: ++this.#failures, retryAfter, random: Math.random() })
    if (this.#failures > this.#retries || delay === undefined) throw unavailable(error, retryAfter)
    await sleep(delay, undefined, { signal: this.#signal })
  }
}
