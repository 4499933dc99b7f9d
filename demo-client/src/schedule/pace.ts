// How fast the bytes of one transfer may come, and how slow they may be.
import type { ByteStore } from '../disk/byte-store.ts'
import type { DownloadError } from '../errors.ts'
import { MinRate, type MinRatePolicy } from '../rules/min-rate.ts'
import { RateLimit } from '../rules/rate-limit.ts'
import { Stragglers } from '../rules/stragglers.ts'
import type { PauseGate } from './pause-gate.ts'
import type { RetryWaits } from './retry-waits.ts'
import type { Schedule } from './schedule.ts'

/** The options about rates, in bytes per second of all connections together; null: no limit. */
export interface PaceSettings extends MinRatePolicy {
  readonly connections: number
  readonly limitRate: number | null
  readonly minRate: number | null
}

/** What the pace depends on. */
export interface PaceContext {
  readonly settings: PaceSettings
  readonly store: Pick<ByteStore, 'backlog'>
  readonly schedule: Schedule
  readonly gate: PauseGate
  readonly waits: RetryWaits
  /** Shared by several downloads; null: this download has its own limit, if any. */
  readonly rateLimit: RateLimit | null
  /** Do all requests wait for their turn at the host? */
  readonly isQueued: () => boolean
}

/** Slows down bodies that come too fast, and aborts those that come too slowly. */
export class Pace {
  readonly #context: PaceContext
  readonly #rateLimit: RateLimit | null
  readonly #minRate: MinRate | null
  readonly #stragglers: Stragglers

  constructor(context: PaceContext) {
    const { settings, rateLimit } = context
    this.#context = context
    this.#rateLimit = rateLimit ?? (settings.limitRate === null ? null : new RateLimit(settings.limitRate))
    this.#minRate = settings.minRate === null ? null : new MinRate(settings.minRate, settings)
    this.#stragglers = new Stragglers(settings.connections * 2)
  }

  /** Is there a limit to the rate? Then bodies are read in small pieces, because large ones would make the rate jump. */
  get isLimited(): boolean {
    return this.#rateLimit !== null
  }

  /** `bytes` of a body have been received. Returns what to wait for before reading on, if anything. */
  afterBytes(bytes: number): Promise<void> | null {
    const { schedule, gate, waits } = this.#context
    this.#minRate?.count(bytes)
    const wait = this.#rateLimit?.wait(bytes) ?? 0
    // In a pause a single stream waits, because it could not be asked for again.
    const isHeld = schedule.mode === 'whole' && gate.isClosed
    if (wait <= 1 && !isHeld) return null
    return waits.sleep(wait).then(() => (isHeld ? gate.pass() : undefined))
  }

  /** A segment is done. It came at `rate` bytes per second. */
  segmentDone(rate: number): void {
    this.#stragglers.addRate(rate)
  }

  /** Call once a second. Aborts what is too slow. Returns an error where that has happened too often. */
  check(): DownloadError | null {
    const { settings, store, schedule, gate, isQueued } = this.#context
    // While connections wait for the disk or a reader, their turn, or the next attempt, the server is not to blame.
    const isHeldUp = gate.isClosed || store.backlog !== null
    const isCounted = schedule.assignments.size > 0 && !isHeldUp && !isQueued()
    const tooSlow = this.#minRate?.check(isCounted ? 'working' : 'idle') ?? null
    if (tooSlow !== null) schedule.abortAll('below-min-rate')
    if (settings.limitRate === null && !isHeldUp)
      this.#stragglers.check([...schedule.assignments].filter(({ kind }) => kind === 'segment'))
    return tooSlow?.kind === 'give-up' ? tooSlow.error : null
  }
}
