// The connections of one download: they ask, take, try again, pause, until all is there.
import { Approach, isAboutCondition } from './approach.ts'
import { Attempts } from './attempts.ts'
import { CrawlWatch } from './crawl-watch.ts'
import { connectionFailure, type Failure, lieFailure, statusFailure, VersionChanged } from './failure.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import type { ActiveLease } from './lease.ts'
import { MinRate } from './min-rate.ts'
import { Patience, type Waiting } from './patience.ts'
import { PauseGate } from './pause-gate.ts'
import { RateLimit } from './rate-limit.ts'
import { Reception } from './reception.ts'
import type { Target } from './request-target.ts'
import { Schedule } from './schedule.ts'
import type { TransferContext } from './transfer-context.ts'

/** Fetches one version of a file into the store. */
export class Transfer {
  readonly #context: TransferContext
  readonly #approach: Approach
  readonly #schedule: Schedule
  readonly #reception: Reception
  readonly #workers = new Set<Promise<void>>()
  readonly #over = new AbortController()
  readonly #rateLimit: RateLimit | null
  #failure: { readonly error: unknown } | null = null
  readonly #gate: PauseGate
  readonly #patience: Patience
  readonly #crawlWatch: CrawlWatch
  readonly #minRate: MinRate | null

  constructor(context: TransferContext) {
    const { settings, store } = context
    this.#context = context
    this.#approach = new Approach(context.origin)
    this.#schedule = new Schedule(store, settings, context.mode)
    this.#gate = new PauseGate(this.#over.signal, (least) => this.#schedule.giveUpRests(least))
    this.#reception = new Reception({
      store,
      schedule: this.#schedule,
      approach: this.#approach,
      stallTimeout: settings.stallTimeout,
      isPaced: settings.limitRate !== null,
      onVersion: context.onVersion,
      onPart: () => this.#spawn(this.#schedule.limit),
      onBytes: (bytes) => this.#count(bytes),
      onSegment: settings.onSegment,
      onSegmentDone: (lease) => this.#crawlWatch.remember(lease.overallRate),
    })
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = settings
    this.#patience = new Patience({ retries, delay, maxDelay }, this.#over.signal, context.onChange)
    this.#crawlWatch = new CrawlWatch(settings.connections * 2)
    this.#minRate = settings.minRate === null ? null : new MinRate(settings.minRate, settings)
    this.#rateLimit = settings.limitRate === null ? null : new RateLimit(settings.limitRate)
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#schedule.total
  }

  /** What said where the file ends. */
  get end(): Reception['end'] {
    return this.#reception.end
  }

  /** Connections that are receiving or asking. */
  get connections(): number {
    return this.#schedule.leases.size
  }

  get isPaused(): boolean {
    return this.#gate.isClosed && (this.#schedule.mode === 'whole' || this.#schedule.leases.size === 0)
  }

  /** The next attempt, where all connections wait for one. */
  get waiting(): Waiting | null {
    return this.#schedule.leases.size > 0 ? null : this.#patience.next
  }

  /**
   * Resolves when every byte is in the store.
   * @throws VersionChanged where the file has changed: begin anew
   * @throws DownloadError
   */
  async run(): Promise<void> {
    const monitor = setInterval(() => this.#look(), 1000)
    try {
      do {
        this.#spawn(1)
        while (this.#workers.size > 0) await Promise.all(this.#workers)
        if (this.#failure !== null) throw this.#failure.error
      } while (!this.#schedule.isComplete)
    } finally {
      clearInterval(monitor)
      this.#over.abort()
    }
  }

  /** Ends the transfer: {@link run} throws `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#over.abort() // opens the gate, too
    this.#context.onChange()
    for (const lease of this.#schedule.leases) lease.controller.abort()
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
    const attempts = new Attempts(this.#reception.useful)
    for (;;) {
      await this.#gate.pass()
      if (this.#failure !== null) return // a stop in a pause opens the gate: nothing more is asked for
      const lease = this.#schedule.lend()
      if (lease === null) return
      let failure = await this.#attempt(lease)
      if (this.#failure !== null) return
      if (failure === null && attempts.isTooLittle(lease, this.#reception.useful))
        failure = this.#reception.rangeTrouble('sends a few bytes each time, of many that were asked for')
      if (failure === null) {
        if (this.#context.settings.delay > 0 && !this.#schedule.isComplete)
          await this.#patience.sleep(this.#context.settings.delay)
        continue
      }
      if (failure.isStale) continue
      this.#approach.restart()
      const attempt = attempts.fail(this.#reception.useful)
      if (this.#schedule.isReceiving() && (failure.isRefusal || attempt > this.#context.settings.retries)) {
        // Fewer connections, remembered for the run; the others take what this one leaves.
        this.#schedule.limit = Math.max(1, this.#workers.size - 1)
        return
      }
      if (attempt === this.#context.settings.retries) this.#reception.leaveOutRange(failure)
      await this.#patience.wait(attempt, failure)
    }
  }

  async #attempt(lease: ActiveLease): Promise<Failure | null> {
    this.#context.onChange()
    try {
      return await this.#fetch(lease)
    } finally {
      this.#schedule.giveBack(lease)
      this.#context.onChange()
    }
  }

  async #fetch(lease: ActiveLease): Promise<Failure | null> {
    const { settings, exchanger, store } = this.#context
    const { target, condition } = this.#approach
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(exchanger, {
        target,
        range: lease.kind === 'whole' ? null : lease,
        identity: store.joinable,
        condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName: this.#context.outputName,
        signal: lease.controller.signal,
      })
    } catch (error) {
      if (lease.controller.signal.aborted) return null
      return connectionFailure(error)
    }
    if (lease.controller.signal.aborted) {
      judged.answer.body.destroy()
      return null
    }
    return await this.#judge(lease, judged, target)
  }

  async #judge(lease: ActiveLease, judged: JudgedAnswer, target: Target): Promise<Failure | null> {
    const { verdict, answer } = judged
    switch (verdict.kind) {
      case 'part':
        this.#approach.target = answer.target
        return await this.#reception.takePart(lease, judged, verdict)
      case 'whole':
        this.#approach.target = answer.target
        return await this.#reception.takeWhole(lease, judged, verdict)
      case 'changed':
        throw new VersionChanged(verdict.reason)
      case 'no-range':
        return this.#reception.rangeTrouble(verdict.reason)
      case 'lie':
        // Where the file has come before, any lie may pass: a captive portal, a node that is not set up.
        return verdict.isLasting && !this.#schedule.isConfirmed
          ? this.#refused(lieFailure(verdict.reason), judged, target)
          : lieFailure(verdict.reason)
      case 'refused':
      case 'trouble':
        return statusFailure(answer, verdict.wait, verdict.kind === 'refused')
      case 'http-error':
        return this.#refused(statusFailure(answer, null, true), judged, target)
    }
  }

  /** An answer that the same question would get again. @throws DownloadError */
  #refused(failure: Failure, judged: JudgedAnswer, target: Target): Failure | null {
    // A link that works once, or one connection at a time: another one has the file.
    if (this.#schedule.isReceiving() && failure.isRefusal && !isAboutCondition(judged)) return failure
    switch (this.#approach.concede(target, judged, this.#schedule.isConfirmed)) {
      case 'redirect':
        return { ...failure, isStale: true }
      case 'condition':
        return null
      case 'range':
        this.#schedule.mode = 'whole'
        return null
      case 'nothing':
        // A host that counts connections may still count one that has ended.
        if (failure.isRefusal && this.#schedule.isLimited) return failure
        throw failure.error
    }
  }

  #count(bytes: number): Promise<void> | null {
    this.#context.onBytes(bytes)
    this.#minRate?.count(bytes)
    const wait = this.#rateLimit?.wait(bytes) ?? 0
    const isStream = this.#schedule.mode === 'whole' && this.#gate.isClosed
    if (wait <= 1 && !isStream) return this.#context.store.backlog
    return this.#patience.sleep(wait).then(() => (isStream ? this.#gate.pass() : undefined))
  }

  /** Once a second: is all too slow, does one crawl, is a rest worth sharing that was not when a connection was idle? */
  #look(): void {
    const { leases, limit, isConfirmed } = this.#schedule
    // What waits for the disk, or for the next attempt, is not the server's to answer for.
    const isCounted = leases.size > 0 && !this.#gate.isClosed && this.#context.store.backlog === null
    const tooSlow = this.#minRate?.look(isCounted) ?? null
    if (tooSlow?.kind === 'give-up') this.fail(tooSlow.error)
    if (tooSlow !== null) for (const lease of leases) lease.controller.abort()
    if (this.#context.settings.limitRate !== null || this.#gate.isClosed) return
    this.#crawlWatch.look([...leases].filter((lease) => lease.kind === 'segment'))
    // While one waits for its next attempt, no other makes it in its place.
    if (isConfirmed && this.#workers.size === leases.size) this.#spawn(limit)
  }
}
