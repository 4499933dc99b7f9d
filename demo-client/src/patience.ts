// How often a connection tries again, and how long all of them are waiting.
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DownloadError } from './errors.ts'
import type { Failure } from './failure.ts'
import { backoff, type RetryPolicy } from './retry.ts'

/** The next attempt of a connection. `until` on the monotonic clock, in ms. */
export interface Waiting {
  readonly until: number
  readonly reason: string
}

/** The patience that the connections of a download share. */
export class Patience {
  readonly #policy: RetryPolicy
  readonly #over: AbortSignal
  readonly #onChange: () => void
  readonly #waiting = new Set<Waiting>()

  /** @param over ends every wait */
  constructor(policy: RetryPolicy, over: AbortSignal, onChange: () => void) {
    this.#policy = policy
    this.#over = over
    setMaxListeners(0, over) // every connection may be waiting
    this.#onChange = onChange
  }

  /** The soonest next attempt, or null where none is waited for. */
  get next(): Waiting | null {
    const waiting = [...this.#waiting]
    return waiting.length === 0 ? null : waiting.reduce((a, b) => (a.until <= b.until ? a : b))
  }

  /**
   * Waits before the next attempt after `attempt` failures in a row.
   * @throws DownloadError the failure, where the attempts are used up
   */
  async wait(attempt: number, failure: Failure): Promise<void> {
    const { retries, maxDelay } = this.#policy
    if (attempt > retries) throw gaveUp(attempt, failure)
    const own = backoff(attempt, this.#policy)
    const time = failure.wait === null ? own : Math.min(maxDelay, Math.max(own, failure.wait))
    const waiting = { until: performance.now() + time, reason: failure.reason }
    this.#waiting.add(waiting)
    this.#onChange()
    await this.sleep(time)
    this.#waiting.delete(waiting)
    this.#onChange()
  }

  /** Waits so many ms, or until all is over. */
  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#over }).catch(() => undefined)
  }
}

function gaveUp(attempt: number, { error, reason }: Failure): DownloadError {
  const tries = attempt === 1 ? '' : `gave up after ${attempt} attempts: `
  const status = error.statusCode === undefined ? {} : { statusCode: error.statusCode }
  return new DownloadError(error.code, `${tries}${reason}`, { cause: error, ...status })
}
