// The connections of one download: they ask, take, try again, pause, until all is there.
import { registerSpare, releaseSpare } from '../files/descriptors.ts'
import type { Failure } from '../schedule/attempt-failure.ts'
import { Efforts, type Situation } from '../schedule/efforts.ts'
import type { ActiveLease } from '../schedule/lease.ts'
import { Pace } from '../schedule/pace.ts'
import { PauseGate } from '../schedule/pause-gate.ts'
import { RangeTrust } from '../schedule/range-trust.ts'
import { RetryWaits, type Waiting } from '../schedule/retry-waits.ts'
import { Schedule } from '../schedule/schedule.ts'
import { AcceptedAnswers } from './accepted-answers.ts'
import { Approach } from './approach.ts'
import { Requester } from './requester.ts'
import type { TransferContext } from './transfer-context.ts'

/** Fetches one version of a file into the store. */
export class Transfer {
  readonly #context: TransferContext
  readonly #approach: Approach
  readonly #schedule: Schedule
  readonly #ranges: RangeTrust
  readonly #accepted: AcceptedAnswers
  readonly #requester: Requester
  readonly #gate: PauseGate
  readonly #waits: RetryWaits
  readonly #pace: Pace
  /** One for each connection, running until there is nothing for it to do. */
  readonly #workers = new Set<Promise<void>>()
  /** Aborted at the end, whatever it is. */
  readonly #over = new AbortController()
  /** The first one: no question is asked after it. */
  #failure: { readonly error: unknown } | null = null
  /** How all stood when it failed: that a pause or a wait ends then is no going on. */
  #stood: { readonly isPaused: boolean; readonly waiting: Waiting | null } | null = null

  constructor(context: TransferContext) {
    const { settings, store } = context
    this.#context = context
    this.#approach = new Approach(context.origin)
    this.#schedule = new Schedule(store, settings, context.mode)
    this.#ranges = new RangeTrust(this.#schedule, store)
    this.#gate = new PauseGate(this.#over.signal, (least) => this.#schedule.giveUpRests(least))
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = settings
    this.#waits = new RetryWaits({ retries, delay, maxDelay }, this.#over.signal, context.onChange)
    const parts = { schedule: this.#schedule, approach: this.#approach, ranges: this.#ranges }
    this.#pace = new Pace({ ...parts, settings, store, gate: this.#gate, waits: this.#waits })
    this.#accepted = new AcceptedAnswers({
      ...parts,
      store,
      stallTimeout: settings.stallTimeout,
      isPaced: settings.limitRate !== null,
      onVersion: context.onVersion,
      onPart: () => this.#spawn(this.#schedule.limit),
      onBytes: (bytes) => {
        context.onBytes(bytes)
        return this.#pace.count(bytes)
      },
      onSegment: context.onSegment,
      onSegmentDone: (lease) => this.#pace.remember(lease.overallRate),
    })
    this.#requester = new Requester({ ...parts, transfer: context, accepted: this.#accepted })
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#schedule.total
  }

  /** What said where the file ends. */
  get end(): AcceptedAnswers['end'] {
    return this.#accepted.end
  }

  /** See {@link AcceptedAnswers.digests}. */
  get digests(): AcceptedAnswers['digests'] {
    return this.#accepted.digests
  }

  /** Connections that are receiving or asking. */
  get connections(): number {
    return this.#schedule.leases.size
  }

  get isPaused(): boolean {
    if (this.#stood !== null) return this.#stood.isPaused
    return this.#gate.isClosed && (this.#schedule.mode === 'whole' || this.#schedule.leases.size === 0)
  }

  /** The next attempt, where all connections wait for one. */
  get waiting(): Waiting | null {
    if (this.#stood !== null) return this.#stood.waiting
    return this.#schedule.leases.size > 0 ? null : this.#waits.next
  }

  /**
   * Resolves when every byte is in the store.
   * @throws VersionChanged where the file has changed: start over
   * @throws DownloadError
   */
  async run(): Promise<void> {
    const monitor = setInterval(() => this.#look(), 1000)
    const keep = registerSpare('working', () => this.#schedule.giveUpOne())
    try {
      do {
        this.#spawn(1)
        while (this.#workers.size > 0) await Promise.all(this.#workers)
        if (this.#failure !== null) throw this.#failure.error
      } while (!this.#schedule.isComplete)
    } finally {
      clearInterval(monitor)
      keep()
      this.#over.abort()
    }
  }

  /** Ends the transfer: {@link run} throws `error`. */
  fail(error: unknown): void {
    this.#stood ??= { isPaused: this.isPaused, waiting: this.waiting }
    this.#failure ??= { error }
    this.#over.abort() // opens the gate, too
    this.#context.onChange()
    this.#schedule.giveUpAll()
  }

  /** Takes no further bytes, except small rests that are there soon; `resume()` goes on. */
  pause(): void {
    this.#gate.close()
    this.#context.onChange()
  }

  resume(): void {
    this.#gate.open()
    this.#context.onChange()
  }

  #spawn(count: number): void {
    while (this.#workers.size < count && this.#failure === null) {
      const worker: Promise<void> = this.#work()
        .catch((error: unknown) => this.fail(error))
        .finally(() => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
  }

  async #work(): Promise<void> {
    const { retries, delay, maxRetryDelay: maxDelay } = this.#context.settings
    const efforts = new Efforts({ retries, maxDelay }, this.#accepted.useful)
    for (;;) {
      await this.#gate.pass()
      if (this.#failure !== null) return // a stop in a pause opens the gate: nothing more is asked for
      if (this.#workers.size > this.#schedule.limit) return // one was given up
      const lease = this.#schedule.lend()
      if (lease === null) return
      let failure = await this.#attempt(lease)
      if (this.#failure !== null) return
      if (this.#schedule.isComplete) return this.#schedule.giveUpAll() // what others still ask for is here
      efforts.count(lease.useful)
      const situation = this.#situationOf(lease)
      if (failure === null && efforts.isTooLittle(lease, situation))
        failure = this.#ranges.lose(lease, 'sends a few bytes each time, of many that were asked for')
      if (failure === null) {
        if (delay > 0) await this.#waits.sleep(delay)
        continue
      }
      const next = efforts.fail(failure, situation)
      if (next.kind === 'end') throw failure.error
      // Fewer connections, remembered for the run; the others take what this one leaves.
      if (next.kind === 'withdraw')
        return this.#schedule.limitConnections(Math.max(1, this.#workers.size - 1))
      if (next.attempt === 0) continue
      this.#approach.restart()
      if (failure.error.code === 'ERR_DOWNLOAD_RESOURCES') releaseSpare('working')
      if (next.attempt === retries) this.#ranges.leaveOut(failure)
      await this.#waits.wait(next.attempt, failure)
    }
  }

  #situationOf(lease: ActiveLease): Situation {
    const { isConfirmed } = this.#schedule
    const isBeside = this.#schedule.isReceivingBeside(lease)
    return { useful: this.#accepted.useful, isBeside, isConfirmed }
  }

  async #attempt(lease: ActiveLease): Promise<Failure | null> {
    this.#context.onChange()
    try {
      return await this.#requester.request(lease)
    } finally {
      this.#schedule.giveBack(lease)
      this.#context.onChange()
    }
  }

  /** Once a second: is something too slow, or a rest worth sharing that was not when a connection was idle? */
  #look(): void {
    const error = this.#pace.look()
    if (error !== null) this.fail(error)
    if (this.#context.settings.limitRate !== null || this.#gate.isClosed) return
    // While one waits for its next attempt, no other makes it in its place.
    const { leases, limit, isConfirmed } = this.#schedule
    if (isConfirmed && this.#workers.size === leases.size) this.#spawn(limit)
  }
}
