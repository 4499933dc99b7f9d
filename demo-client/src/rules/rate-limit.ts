// A token bucket that all connections of a download share.

/** Hands out waiting times so that no more than `rate` bytes a second pass. */
export class RateLimit {
  readonly #rate: number
  /** When the bytes let through so far are paid for, on the monotonic clock, in ms. */
  #paidUntil = 0

  /** @param rate bytes per second */
  constructor(rate: number) {
    this.#rate = rate
  }

  /** How long to wait, in ms, after `bytes` have come, before more may. */
  wait(bytes: number, now: number = performance.now()): number {
    this.#paidUntil = Math.max(this.#paidUntil, now) + (bytes / this.#rate) * 1000
    return this.#paidUntil - now
  }
}
