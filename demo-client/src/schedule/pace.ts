// How fast the bytes may come, and how slow: the limits of one transfer.
import type { Store } from '../disk/store.ts'
import type { DownloadError } from '../errors.ts'
import { MinRate, type MinRatePolicy } from '../rules/min-rate.ts'
import { RateLimit } from '../rules/rate-limit.ts'
import { Stragglers } from '../rules/stragglers.ts'
import type { PauseGate } from './pause-gate.ts'
import type { RetryWaits } from './retry-waits.ts'
import type { Schedule } from './schedule.ts'

/** What of the options sets the pace. Rates in bytes per second, of all connections together; null: no limit. */
export interface PaceSettings extends MinRatePolicy {
  readonly connections: number
  readonly limitRate: number | null
  readonly minRate: number | null
}

/** What the pace depends on. */
export interface PaceContext {
  readonly settings: PaceSettings
  readonly store: Store
  readonly schedule: Schedule
  readonly gate: PauseGate
  readonly waits: RetryWaits
}

/** Slows down what comes too fast, and gives up what comes too slowly. */
export class Pace {
  readonly #context: PaceContext
  readonly #rateLimit: RateLimit | null
  readonly #minRate: MinRate | null
  readonly #stragglers: Stragglers

  constructor(context: PaceContext) {
    const { settings } = context
    this.#context = context
    this.#rateLimit = settings.limitRate === null ? null : new RateLimit(settings.limitRate)
    this.#minRate = settings.minRate === null ? null : new MinRate(settings.minRate, settings)
    this.#stragglers = new Stragglers(settings.connections * 2)
  }

  /** `bytes` have come. Returns what their connection has to wait for, if anything. */
  count(bytes: number): Promise<void> | null {
    const { schedule, gate, waits, store } = this.#context
    this.#minRate?.count(bytes)
    const wait = this.#rateLimit?.wait(bytes) ?? 0
    // In a pause a stream waits: it could not be asked for again.
    const isHeld = schedule.mode === 'whole' && gate.isClosed
    if (wait <= 1 && !isHeld) return store.backlog
    return waits.sleep(wait).then(() => (isHeld ? gate.pass() : undefined))
  }

  /** A segment is done, at `rate` bytes per second. */
  remember(rate: number): void {
    this.#stragglers.remember(rate)
  }

  /** Call once a second. Gives up what is too slow; returns the error to end with where it was so too often. */
  look(): DownloadError | null {
    const { settings, store, schedule, gate } = this.#context
    // What waits for the disk, or for the next attempt, is not the server's to answer for.
    const isCounted = schedule.leases.size > 0 && !gate.isClosed && store.backlog === null
    const tooSlow = this.#minRate?.look(isCounted) ?? null
    if (tooSlow !== null) schedule.giveUpAll()
    if (settings.limitRate === null && !gate.isClosed)
      this.#stragglers.look([...schedule.leases].filter((lease) => lease.kind === 'segment'))
    return tooSlow?.kind === 'give-up' ? tooSlow.error : null
  }
}
