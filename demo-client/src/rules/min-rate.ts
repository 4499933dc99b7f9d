// The minimum rate of a download, which is retried and then given up if it stays slower. Pure.
import { DownloadError } from '../errors.ts'

/** How long a download may be too slow, and how often. */
export interface MinRatePolicy {
  /** The time over which the rate is measured, in ms. */
  readonly stallTimeout: number
  /** How often in a row it may be too slow and retried. */
  readonly retries: number
}

/** What to do about a rate that was too low. */
export type TooSlow = { readonly kind: 'again' } | { readonly kind: 'give-up'; readonly error: DownloadError }

/** Measures the rate of all connections of a download together. */
export class MinRate {
  readonly #rate: number
  readonly #policy: MinRatePolicy
  #bytes = 0
  /** The time measured so far, in ms. */
  #elapsed = 0
  #checkedAt: number
  #slowInARow = 0

  /** @param rate bytes per second */
  constructor(rate: number, policy: MinRatePolicy, now: number = performance.now()) {
    this.#rate = rate
    this.#policy = policy
    this.#checkedAt = now
  }

  /** Counts bytes that have arrived. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Call about once a second. `since`: what the connections did since the last call. Idle time does not count. */
  check(since: 'working' | 'idle', now: number = performance.now()): TooSlow | null {
    if (since === 'working') this.#elapsed += now - this.#checkedAt
    this.#checkedAt = now
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
    const message = `${tries}the rate was ${Math.floor(rate)} bytes per second, less than the minimum of ${this.#rate}`
    return { kind: 'give-up', error: new DownloadError('ERR_DOWNLOAD_NETWORK', message) }
  }
}
