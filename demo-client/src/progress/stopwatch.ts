// How long something has lasted, without the time in which it was stopped.

/** Measures a time in ms on the monotonic clock. */
export class Stopwatch {
  #total = 0
  #since: number | null = null

  /** Goes on, or stops. A call that changes nothing has no effect. */
  set(state: 'running' | 'stopped', now: number = performance.now()): void {
    if (state === 'running') this.#since ??= now
    else {
      this.#total = this.read(now)
      this.#since = null
    }
  }

  /** The time until now, in ms. */
  read(now: number = performance.now()): number {
    return this.#total + (this.#since === null ? 0 : now - this.#since)
  }
}
