// The connections of one download: who fetches what, what each outcome means for the rest.

import { CrawlWatch } from './crawl-watch.ts'
import { strongest } from './digest.ts'
import { type Answer, discard, type Exchanger } from './exchange.ts'
import {
  connectionFailure,
  cutFailure,
  digestFailure,
  type Failure,
  lieFailure,
  statusFailure,
} from './failure.ts'
import { contentTypeOf, fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import { single } from './field-lines.ts'
import { type Identity, isJoinable } from './identity.ts'
import { type IntakeContext, type IntakeEnding, intakePart, intakeWhole } from './intake.ts'
import { ActiveLease, type LeaseKind } from './lease.ts'
import type { Settings } from './options.ts'
import { Patience, type Waiting } from './patience.ts'
import { PauseGate } from './pause-gate.ts'
import { gaps, type Interval, LARGEST_SEGMENT, largestRest, nextSegment, SMALLEST_SEGMENT } from './plan.ts'
import { RateLimit } from './rate-limit.ts'
import type { Target } from './request-target.ts'
import type { Store } from './store.ts'
import type { Verdict } from './verify.ts'

/** Thrown where the file on the server is no longer the one whose bytes are held. */
export class VersionChanged extends Error {}

/** What a transfer works with, and whom it tells. */
export interface TransferContext {
  readonly settings: Settings
  readonly store: Store
  readonly exchanger: Exchanger
  readonly origin: Target
  /** `'whole'`: one stream, no ranges. */
  readonly mode: 'ranges' | 'whole'
  /** Called before the first byte is taken, of a version begun or resumed; may refuse it by throwing. */
  readonly onVersion: (identity: Identity, answer: Answer) => Promise<void>
  readonly onBytes: (bytes: number) => void
  readonly onChange: () => void
}

/** A rest up to this size, in bytes, is received to its end before a pause. */
const PAUSE_REST = 64 * 1024
/** This much, in bytes, is progress: the count of failures begins anew. */
const PROGRESS = 64 * 1024
/** Segments of a server that sends Content-Digest are no larger: each counts only as a whole. */
const DIGESTED_SEGMENT = 8 * 1024 * 1024
/** A connection that brought bytes within this time, in ms, shows that the host is there. */
const RECENT = 2000
const RANGE_TROUBLES = 2
const DIGEST_FAILURES = 3

/** Fetches one version of a file into the store. */
export class Transfer {
  readonly #context: TransferContext
  readonly #intake: IntakeContext
  readonly #leases = new Set<ActiveLease>()
  readonly #workers = new Set<Promise<void>>()
  readonly #over = new AbortController()
  readonly #rateLimit: RateLimit | null
  #mode: 'ranges' | 'whole'
  #condition: 'if-range' | 'none' = 'if-range'
  #current: Target
  #limit: number
  #largest = Number.POSITIVE_INFINITY
  #total: number | null
  /** Bytes that an earlier run had received. */
  readonly #atStart: number
  #isConfirmed = false
  #isEndProven = true
  #failure: { readonly error: unknown } | null = null
  #useful = 0
  #rangeTroubles = 0
  #digestFailures = 0
  readonly #gate = new PauseGate()
  readonly #patience: Patience
  readonly #crawlWatch: CrawlWatch

  constructor(context: TransferContext) {
    const { settings, store } = context
    this.#context = context
    this.#mode = context.mode
    this.#current = context.origin
    this.#limit = settings.connections
    this.#total = this.#held()?.total ?? null
    this.#atStart = store.received
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = settings
    this.#patience = new Patience({ retries, delay, maxDelay }, this.#over.signal, context.onChange)
    this.#crawlWatch = new CrawlWatch(settings.connections * 2)
    this.#rateLimit = settings.limitRate === null ? null : new RateLimit(settings.limitRate)
    this.#intake = { store, stallTimeout: settings.stallTimeout, onBytes: (bytes) => this.#count(bytes) }
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#total
  }

  /** Did the end of the file come by announced length, rather than by the end of a connection? */
  get isEndProven(): boolean {
    return this.#isEndProven
  }

  /** Connections that are receiving or asking. */
  get connections(): number {
    return this.#leases.size
  }

  get isPaused(): boolean {
    return this.#gate.isClosed && [...this.#leases].every((lease) => lease.kind === 'whole')
  }

  /** The next attempt, where all connections wait for one. */
  get waiting(): Waiting | null {
    return this.#leases.size > 0 ? null : this.#patience.next
  }

  /**
   * Resolves when every byte is in the store.
   * @throws VersionChanged where the file has changed: begin anew
   * @throws DownloadError
   */
  async run(): Promise<void> {
    const monitor = setInterval(() => this.#watchCrawlers(), 1000)
    try {
      do {
        this.#spawn(1)
        while (this.#workers.size > 0) await Promise.all(this.#workers)
        if (this.#failure !== null) throw this.#failure.error
      } while (!this.#isComplete())
    } finally {
      clearInterval(monitor)
      this.#over.abort()
    }
  }

  /** Ends the transfer: {@link run} throws `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#over.abort()
    this.resume()
    for (const lease of this.#leases) lease.controller.abort()
  }

  /** Takes no further bytes after those under way; `resume()` goes on. */
  pause(): void {
    if (this.#gate.isClosed || this.#failure !== null) return
    this.#gate.close()
    for (const lease of this.#leases) {
      // A stream that cannot be asked for again is held; a range is given up: the server would not wait.
      if (lease.kind === 'segment' && lease.end - lease.position > PAUSE_REST) lease.controller.abort()
    }
    this.#context.onChange()
  }

  resume(): void {
    this.#gate.open()
    this.#context.onChange()
  }

  /** The version whose bytes other answers may be joined to. */
  #held(): Identity | null {
    const identity = this.#context.store.version?.identity ?? null
    return identity !== null && isJoinable(identity) ? identity : null
  }

  #isComplete(): boolean {
    return (
      this.#isConfirmed && this.#total !== null && gaps(this.#context.store.blocks, this.#total).length === 0
    )
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
    let attempt = 0
    let usefulBefore = this.#useful
    while (this.#failure === null) {
      await this.#gate.opening
      const lease = this.#take()
      if (lease === null) return
      const failure = await this.#attempt(lease)
      if (this.#failure !== null) return
      if (failure === null) {
        attempt = 0
        if (this.#context.settings.delay > 0 && !this.#isComplete())
          await this.#patience.sleep(this.#context.settings.delay)
        continue
      }
      if (failure.isStale) continue
      this.#current = this.#context.origin
      if (failure.isRefusal && this.#areOthersReceiving()) {
        // Fewer connections, remembered for the run; the others take what this one leaves.
        this.#limit = Math.max(1, this.#workers.size - 1)
        return
      }
      if (this.#useful - usefulBefore >= PROGRESS) attempt = 0
      usefulBefore = this.#useful
      attempt++
      await this.#patience.wait(attempt, failure)
    }
  }

  #areOthersReceiving(): boolean {
    const now = performance.now()
    return this.#workers.size > 1 && [...this.#leases].some((lease) => now - lease.heardAt < RECENT)
  }

  #take(): ActiveLease | null {
    const lease = this.#choose()
    if (lease !== null) this.#leases.add(lease)
    return lease
  }

  #choose(): ActiveLease | null {
    const { settings, store } = this.#context
    const isFirst = this.#mode === 'whole' || this.#total === null
    if ((isFirst && this.#leases.size > 0) || this.#isComplete()) return null
    if (this.#mode === 'whole') return lend('whole', { start: 0, end: Number.POSITIVE_INFINITY })
    const { connections, segmentSize } = settings
    if (this.#total === null) {
      const auto = connections === 1 ? Number.POSITIVE_INFINITY : SMALLEST_SEGMENT
      return lend('segment', { start: 0, end: Math.min(segmentSize ?? auto, this.#largest) })
    }
    const free = gaps([...store.blocks, ...this.#leases], this.#total)
    const share = Math.ceil((this.#total - this.#atStart) / this.#limit)
    const next = nextSegment(free, { segmentSize, connections, share, limit: this.#largest })
    if (next !== null) return lend('segment', next)
    if (this.#leases.size === 0) return this.#probe(this.#total)
    const split = largestRest(
      [...this.#leases].filter((lease) => lease.answeredAt !== null && !lease.isIndivisible),
    )
    if (split === null) return null
    const end = split.lease.end
    split.lease.end = split.at
    return lend('segment', { start: split.at, end })
  }

  /** Everything is held, from an earlier run: is it still what the server has? An empty file has no byte to ask for. */
  #probe(total: number): ActiveLease {
    if (total === 0) return lend('whole', { start: 0, end: 0 })
    return lend('probe', { start: total - 1, end: total })
  }

  async #attempt(lease: ActiveLease): Promise<Failure | null> {
    this.#context.onChange()
    try {
      return await this.#fetch(lease)
    } finally {
      this.#leases.delete(lease)
      lease.finish()
      this.#context.onChange()
    }
  }

  async #fetch(lease: ActiveLease): Promise<Failure | null> {
    const { settings, exchanger, store } = this.#context
    const target = this.#current
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(exchanger, {
        target,
        range: lease.kind === 'whole' ? null : lease,
        identity: this.#held(),
        condition: this.#condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
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
        this.#current = answer.target
        return await this.#takePart(lease, judged, verdict)
      case 'whole':
        this.#current = answer.target
        return await this.#takeWhole(lease, judged, verdict)
      case 'changed':
        throw new VersionChanged(verdict.reason)
      case 'no-range':
        return this.#rangeTrouble(verdict.reason)
      case 'lie':
        return lieFailure(verdict.reason)
      case 'refused':
        return statusFailure(verdict.status, verdict.wait, true)
      case 'trouble':
        return statusFailure(verdict.status, verdict.wait, false)
      case 'http-error': {
        const failure = statusFailure(verdict.status, null, false)
        if (target === this.#context.origin) throw failure.error
        // The target of a redirect may have expired: ask where it is now, at once.
        this.#current = this.#context.origin
        return { ...failure, isStale: true }
      }
    }
  }

  /** Ranges do not work here: a second try on a fresh connection, then the whole as one stream. */
  #rangeTrouble(reason: string): Failure | null {
    this.#rangeTroubles++
    if (this.#rangeTroubles < RANGE_TROUBLES && this.#held() !== null) return lieFailure(reason)
    this.#mode = 'whole'
    for (const lease of this.#leases) lease.controller.abort()
    return null
  }

  async #takePart(
    lease: ActiveLease,
    judged: JudgedAnswer,
    part: Extract<Verdict, { kind: 'part' }>,
  ): Promise<Failure | null> {
    const { answer } = judged
    const total = part.identity.total
    const isAll = part.start === 0 && part.end === total
    if (this.#held() === null) {
      if (!isAll && !isJoinable(part.identity)) {
        discard(answer)
        this.#mode = 'whole' // a second answer could not be proven to be of the same version
        return null
      }
      await this.#adopt(part.identity, answer)
    } else if (!this.#isConfirmed) {
      await this.#context.onVersion(part.identity, answer)
    }
    this.#isConfirmed = true
    if (lease.kind === 'probe') {
      discard(answer)
      return null
    }
    lease.end = Math.min(lease.end, this.#total ?? lease.end)
    lease.answeredAt = performance.now()
    const digest = isAll ? null : strongest(part.digests) // of the whole it is verified at the end
    if (digest !== null) this.#largest = Math.min(DIGESTED_SEGMENT, LARGEST_SEGMENT)
    this.#spawn(this.#limit)
    const ending = await intakePart(this.#intake, lease, { answer, part, digest })
    this.#report(lease, judged)
    return this.#settle(lease, ending)
  }

  async #takeWhole(
    lease: ActiveLease,
    judged: JudgedAnswer,
    whole: Extract<Verdict, { kind: 'whole' }>,
  ): Promise<Failure | null> {
    const { answer } = judged
    const held = this.#held()
    if (held !== null && judged.range !== null && this.#condition === 'if-range') {
      // Some servers answer any If-Range with the whole file; this one is of the version held.
      discard(answer)
      this.#condition = 'none'
      return null
    }
    await this.#becomeOnlyOne(lease)
    if (held === null) await this.#adopt(whole.identity, answer)
    else if (!this.#isConfirmed) await this.#context.onVersion(whole.identity, answer)
    this.#isConfirmed = true
    const total = held?.total ?? whole.length
    const missing: readonly Interval[] =
      total === null ? [{ start: 0, end: Number.POSITIVE_INFINITY }] : gaps(this.#context.store.blocks, total)
    const usefulBefore = this.#useful
    lease.answeredAt = performance.now()
    lease.position = 0
    lease.end = total ?? Number.POSITIVE_INFINITY
    const ending = await intakeWhole(this.#intake, lease, { answer, missing, total })
    this.#report(lease, judged)
    if (ending.kind === 'too-much') throw new VersionChanged(`it is longer than ${total} bytes`)
    if (ending.kind === 'complete' && total === null) {
      this.#total = lease.position
      this.#isEndProven = !answer.endsWithConnection
    }
    // What cannot be continued is no progress.
    if (ending.kind === 'cut' && this.#held() === null) this.#useful = usefulBefore
    return this.#settle(lease, ending)
  }

  async #becomeOnlyOne(lease: ActiveLease): Promise<void> {
    this.#mode = 'whole'
    const others = [...this.#leases].filter((other) => other !== lease)
    for (const other of others) other.controller.abort()
    await Promise.all(others.map((other) => other.done))
  }

  async #adopt(identity: Identity, answer: Answer): Promise<void> {
    await this.#context.onVersion(identity, answer)
    await this.#context.store.begin({ identity, contentType: contentTypeOf(answer) })
    this.#total = identity.total
  }

  #settle(lease: ActiveLease, ending: IntakeEnding): Failure | null {
    if (ending.kind === 'complete' || ending.kind === 'enough') {
      this.#crawlWatch.remember(lease.overallRate)
      return null
    }
    if (lease.controller.signal.aborted) return null
    if (ending.kind === 'too-much') return this.#rangeTrouble('sent more bytes than it announced')
    if (ending.kind === 'short') return cutFailure('the answer ended before its announced end', null)
    if (ending.kind === 'cut') return cutFailure(ending.reason, ending.cause)
    const failure = digestFailure()
    if (++this.#digestFailures >= DIGEST_FAILURES) throw failure.error
    return failure
  }

  #count(bytes: number): Promise<void> | null {
    this.#useful += bytes
    this.#context.onBytes(bytes)
    const wait = this.#rateLimit?.wait(bytes) ?? 0
    const isStream = this.#mode === 'whole' && this.#gate.isClosed
    if (wait <= 1 && !isStream) return this.#context.store.backlog
    return this.#patience.sleep(wait).then(() => (isStream ? (this.#gate.opening ?? undefined) : undefined))
  }

  #report(lease: ActiveLease, { answer, range }: JudgedAnswer): void {
    if (lease.bytes === 0) return
    this.#context.settings.onSegment({
      range,
      status: answer.status,
      contentRange: single(answer.fields, 'content-range'),
      bytes: lease.bytes,
      received: this.#context.store.received,
      total: this.#total,
    })
  }

  #watchCrawlers(): void {
    if (this.#context.settings.limitRate !== null || this.#gate.isClosed) return
    this.#crawlWatch.look([...this.#leases].filter((lease) => lease.kind === 'segment'))
  }
}

function lend(kind: LeaseKind, { start, end }: Interval): ActiveLease {
  return new ActiveLease(kind, start, end)
}
