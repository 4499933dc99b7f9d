// A token bucket that all connections of a download share.

/** Computes waits so that at most `rate` bytes per second are received. */
export class RateLimit {
  readonly #rate: number
  /** When the bytes received so far are within the limit, on the monotonic clock, in ms. */
  #nextAt = 0

  /** @param rate bytes per second */
  constructor(rate: number) {
    this.#rate = rate
  }

  /** How long to wait after `bytes` have arrived before more may, in ms. */
  wait(bytes: number, now: number = performance.now()): number {
    this.#nextAt = Math.max(this.#nextAt, now) + (bytes / this.#rate) * 1000
    return this.#nextAt - now
  }
}
