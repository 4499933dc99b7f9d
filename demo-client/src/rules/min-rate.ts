// The lowest useful rate: what stays below it is given up. Pure.
import { DownloadError } from '../errors.ts'

/** How long and how often. */
export interface MinRatePolicy {
  /** In ms, over which the rate is measured. */
  readonly stallTimeout: number
  /** Times in a row that it may be too low and asked for again. */
  readonly retries: number
}

/** What is to be done about a rate that was too low. */
export type TooSlow = { readonly kind: 'again' } | { readonly kind: 'give-up'; readonly error: DownloadError }

/** Measures what all connections of a download bring. */
export class MinRate {
  readonly #rate: number
  readonly #policy: MinRatePolicy
  #bytes = 0
  /** Of the time measured so far, in ms. */
  #elapsed = 0
  #lookedAt: number
  #slowInARow = 0

  /** @param rate bytes per second */
  constructor(rate: number, policy: MinRatePolicy, now: number = performance.now()) {
    this.#rate = rate
    this.#policy = policy
    this.#lookedAt = now
  }

  /** `bytes` have come. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Call once a second or so; `isCounted`: were the connections at work since the last time? */
  look(isCounted: boolean, now: number = performance.now()): TooSlow | null {
    if (isCounted) this.#elapsed += now - this.#lookedAt
    this.#lookedAt = now
    if (this.#elapsed < this.#policy.stallTimeout) return null
    const rate = (this.#bytes * 1000) / this.#elapsed
    this.#bytes = 0
    this.#elapsed = 0
    if (rate >= this.#rate) {
      this.#slowInARow = 0
      return null
    }
    if (++this.#slowInARow <= this.#policy.retries) return { kind: 'again' }
    const tries = this.#slowInARow === 1 ? '' : `gave up after ${this.#slowInARow} attempts: `
    const message = `${tries}${Math.floor(rate)} bytes came per second, and ${this.#rate} are wanted`
    return { kind: 'give-up', error: new DownloadError('ERR_DOWNLOAD_NETWORK', message) }
  }
}
