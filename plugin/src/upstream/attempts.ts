import type { Signal } from '../sources/signal.ts'
import { delayBefore } from './backoff.ts'
import { Interruption, unavailable } from './upstream-errors.ts'

/** The tries of one read, which begins again after failures. */
export class Attempts {
  readonly #retries: number
  readonly #signal: Signal
  /** In a row, without a byte between them. */
  #failures = 0

  constructor(retries: number, signal: Signal) {
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
    await sleep(delay, this.#signal)
  }
}

/** Leaves no timer behind when it rejects, with the reason of the signal. */
function sleep(ms: number, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
