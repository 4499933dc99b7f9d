// The waits before new attempts, and how long all connections are waiting.
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DownloadError } from '../errors.ts'
import { backoff, type RetryPolicy } from '../rules/backoff.ts'
import { formatTimeLeft } from '../text/quantities.ts'
import type { Failure } from './attempt-failure.ts'

/** Node.js warns of a longer timer, and of a negative one, and does not wait at all. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** A connection that waits before its next attempt. */
export interface Waiting {
  /** When it ends, in ms on the monotonic clock. */
  readonly untilMs: number
  /** Why it is waiting, as a clause. */
  readonly reason: string
  /** The number of the attempt after it, from 2. */
  readonly attempt: number
  /** How many attempts in a row there are without progress. */
  readonly attempts: number
}

/** The waits that the connections of a download share. */
export class RetryWaits {
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

  /** The wait that ends first, or null where no connection is waiting. */
  get next(): Waiting | null {
    const waiting = [...this.#waiting]
    return waiting.length === 0 ? null : waiting.reduce((a, b) => (a.untilMs <= b.untilMs ? a : b))
  }

  /**
   * Waits before the next attempt after `attempt` failures in a row.
   * @throws DownloadError the failure, where no attempts are left or the server asks for a longer wait than is allowed
   */
  async wait(attempt: number, failure: Failure): Promise<void> {
    const { retries, maxDelay } = this.#policy
    if (attempt > retries) throw gaveUp(attempt, failure)
    if (failure.retryAfterMs !== null && failure.retryAfterMs > maxDelay)
      throw tooLong(failure.retryAfterMs, failure)
    const timeMs = Math.max(backoff(attempt, this.#policy), failure.retryAfterMs ?? 0)
    const waiting = {
      untilMs: performance.now() + timeMs,
      reason: failure.reason,
      attempt: attempt + 1,
      attempts: retries + 1,
    }
    this.#waiting.add(waiting)
    this.#onChange()
    await this.sleep(timeMs)
    this.#waiting.delete(waiting)
    this.#onChange()
  }

  /** Waits for `ms` milliseconds, or until the download is over. */
  async sleep(ms: number): Promise<void> {
    const waitMs = Math.min(Math.max(0, ms), MAX_TIMER_MS)
    await sleep(waitMs, undefined, { signal: this.#over }).catch(() => undefined)
  }
}

/** A request before the time in Retry-After would only be refused again. */
function tooLong(waitMs: number, { error, reason }: Failure): DownloadError {
  const status = error.statusCode === undefined ? {} : { statusCode: error.statusCode }
  const hint = '--max-retry-delay (maxRetryDelay) allows a longer wait'
  const message = `${reason} and asks to wait for ${formatTimeLeft(waitMs)}; ${hint}`
  return new DownloadError(error.code, message, { cause: error, ...status })
}

function gaveUp(attempt: number, { error, reason }: Failure): DownloadError {
  const tries = attempt === 1 ? '' : `gave up after ${attempt} attempts: `
  const status = error.statusCode === undefined ? {} : { statusCode: error.statusCode }
  return new DownloadError(error.code, `${tries}${reason}`, { cause: error, ...status })
}
