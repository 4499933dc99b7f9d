// The connections of one download, until every byte is there. Each connection repeats these steps.
//
// 1. Wait while the download is paused: `schedule/pause-gate.ts`.
// 2. Choose the bytes to fetch: `schedule/schedule.ts` makes an `Assignment`.
// 3. Send a request, as `server-access.ts` says, and judge the answer: `requester.ts`, `fetch-segment.ts`.
// 4. Receive the body into the store, at the allowed speed: `accepted-answers.ts`, `store-body.ts`, `schedule/pace.ts`.
// 5. After a failure decide what to do, and wait: `schedule/connection-attempts.ts`, `schedule/retry-waits.ts`.
import { registerSpare, releaseSpare } from '../files/descriptors.ts'
import type { Assignment } from '../schedule/assignment.ts'
import { type Failure, VersionChanged } from '../schedule/attempt-failure.ts'
import { ConnectionAttempts, type Situation } from '../schedule/connection-attempts.ts'
import { Pace } from '../schedule/pace.ts'
import { PauseGate } from '../schedule/pause-gate.ts'
import { RangeSupport } from '../schedule/range-support.ts'
import { RetryWaits, type Waiting } from '../schedule/retry-waits.ts'
import { Schedule } from '../schedule/schedule.ts'
import { AcceptedAnswers } from './accepted-answers.ts'
import { Requester } from './requester.ts'
import { RoomWait } from './room-wait.ts'
import type { Server } from './server.ts'
import { ServerBalance } from './server-balance.ts'
import type { Servers } from './servers.ts'
import type { TransferContext } from './transfer-context.ts'

/** Fetches one version of a file into the store. */
export class Transfer {
  readonly #context: TransferContext
  readonly #servers: Servers
  readonly #schedule: Schedule
  readonly #ranges: RangeSupport
  readonly #accepted: AcceptedAnswers
  readonly #requester: Requester
  readonly #gate: PauseGate
  readonly #waits: RetryWaits
  readonly #pace: Pace
  readonly #balance: ServerBalance
  readonly #room: RoomWait
  /** One for each connection. It runs until there is nothing left to fetch. */
  readonly #workers = new Set<Promise<void>>()
  /** Aborted when the transfer ends, for any reason. */
  readonly #over = new AbortController()
  /** How many were sent. */
  #requests = 0
  /** The first failure. No request is sent after it. */
  #failure: { readonly error: unknown } | null = null
  /** What was so when it failed. The end of a pause or a wait after that does not mean that the download goes on. */
  #atFailure: { readonly isPaused: boolean; readonly waiting: Waiting | null } | null = null

  constructor(context: TransferContext) {
    const { settings, store } = context
    this.#context = context
    this.#servers = context.servers
    this.#room = new RoomWait(store)
    this.#schedule = new Schedule(store, settings, context.mode)
    this.#ranges = new RangeSupport(this.#schedule, store)
    this.#gate = new PauseGate(this.#over.signal, (minBytes) => this.#schedule.abortForPause(minBytes))
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = settings
    this.#waits = new RetryWaits({ retries, delay, maxDelay }, this.#over.signal, context.onChange)
    const parts = { schedule: this.#schedule, servers: this.#servers, ranges: this.#ranges }
    const isQueued = (): boolean => context.client.isQueued === true
    this.#pace = new Pace({ ...parts, ...context, gate: this.#gate, waits: this.#waits, isQueued })
    const startWorkers = (): void => this.#startWorkers(this.#schedule.maxConnections)
    this.#balance = new ServerBalance({ ...parts, ...context, gate: this.#gate, startWorkers })
    this.#accepted = new AcceptedAnswers({
      ...parts,
      ...context,
      stallTimeout: settings.stallTimeout,
      mirrorTags: settings.mirrorTags,
      pace: this.#pace,
      onRangesWork: () => {
        this.#balance.compare()
        startWorkers()
      },
    })
    this.#requester = new Requester({ ...parts, transfer: context, accepted: this.#accepted })
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#schedule.total
  }

  /** What the answers with the bytes have shown. */
  get answers(): Pick<AcceptedAnswers, 'end' | 'digests' | 'proven' | 'isJoinedOnTrust'> {
    return this.#accepted
  }

  /** Connections that are sending a request or receiving. */
  get connections(): number {
    return this.#schedule.assignments.size
  }

  get isPaused(): boolean {
    if (this.#atFailure !== null) return this.#atFailure.isPaused
    return this.#gate.isClosed && (this.#schedule.mode === 'whole' || this.connections === 0)
  }

  /** The next attempt, while all connections wait for one. */
  get waiting(): Waiting | null {
    if (this.#atFailure !== null) return this.#atFailure.waiting
    return this.connections > 0 ? null : this.#waits.next
  }

  /**
   * Resolves when every byte is in the store.
   * @throws VersionChanged if the file has changed, so that the download has to start over
   * @throws DownloadError
   */
  async run(): Promise<void> {
    const monitor = setInterval(() => this.#checkEverySecond(), 1000)
    this.#balance.start()
    const unregister = registerSpare('working', () => this.#schedule.dropConnection())
    try {
      do {
        const requests = this.#requests
        this.#startWorkers(1)
        while (this.#workers.size > 0) await Promise.all(this.#workers)
        if (this.#failure === null && !this.#schedule.isComplete)
          await this.#room.afterRound(this.#requests - requests)
        if (this.#failure !== null) throw this.#failure.error
      } while (!this.#schedule.isComplete)
    } finally {
      clearInterval(monitor)
      this.#balance.stop()
      unregister()
      this.#over.abort()
    }
  }

  /** Ends the transfer: {@link run} throws `error`. */
  fail(error: unknown): void {
    this.#atFailure ??= { isPaused: this.isPaused, waiting: this.waiting }
    this.#failure ??= { error }
    this.#over.abort() // opens the gate, too
    this.#room.end()
    this.#context.onChange()
    this.#schedule.abortAll('download-over')
  }

  /** Receives nothing more, except the end of a segment that is almost there. `resume()` goes on. */
  pause(): void {
    this.#gate.close()
    this.#context.onChange()
  }

  resume(): void {
    this.#gate.open()
    this.#context.onChange()
  }

  /** There is room for more bytes. A connection that had nothing to fetch may have something now. */
  useRoom(): void {
    const isOver = this.#over.signal.aborted || this.#gate.isClosed || !this.#schedule.isConfirmed
    if (!isOver) this.#startWorkers(this.#schedule.maxConnections)
  }

  #startWorkers(count: number): void {
    while (this.#workers.size < count && this.#failure === null) {
      const worker: Promise<void> = this.#work()
        .catch((error: unknown) => this.fail(error))
        .finally(() => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
  }

  async #work(): Promise<void> {
    const { retries, delay, maxRetryDelay: maxDelay } = this.#context.settings
    const attempts = new ConnectionAttempts({ retries, maxDelay }, this.#schedule.keptBytes)
    for (;;) {
      await this.#gate.pass()
      if (this.#failure !== null) return // the end of the download opens the gate
      if (this.#workers.size > this.#schedule.maxConnections) return // a connection was dropped
      const server = this.#servers.choose()
      if (server === null) {
        if (!(await this.#waitForServer())) return
        continue
      }
      const assignment = this.#schedule.assignNext()
      if (assignment === null) return
      let failure = await this.#attempt(assignment, server)
      if (this.#failure !== null) return
      if (this.#schedule.isComplete) return this.#schedule.abortAll('download-over')
      if (this.#servers.areSeveral) this.#servers.attempted(server, assignment, failure)
      if (this.#servers.hasOther(server)) {
        if (failure === null && delay > 0) await this.#waits.sleep(delay)
        continue
      }
      attempts.addBytes(assignment.keptBytes)
      const situation = this.#situationOf(assignment)
      if (failure === null && attempts.isTooLittle(assignment, situation)) {
        const reason = 'sends a few bytes each time, of many that were asked for'
        failure = this.#ranges.uselessAnswer(assignment, reason)
      }
      if (failure === null) {
        if (delay > 0) await this.#waits.sleep(delay)
        continue
      }
      const next = attempts.fail(failure, situation)
      if (next.kind === 'end') throw failure.error
      // There are fewer connections until the end of the run. The others fetch what this one leaves.
      if (next.kind === 'withdraw')
        return this.#schedule.limitConnections(Math.max(1, this.#workers.size - 1))
      if (next.attempt > 0) await this.#waitAfter(failure, next.attempt, server)
    }
  }

  /** All servers wait. Waits for the first one; false if the others are only busy. */
  async #waitForServer(): Promise<boolean> {
    if (this.#servers.joined.length === 0) throw new VersionChanged('no server is left that has it')
    const server = this.#servers.firstToAskAgain
    if (server?.failure == null || this.connections > 0) return false
    await this.#waits.wait(server.failures, server.failure)
    server.askNow()
    return true
  }

  /** Waits before the next attempt of a connection, after `attempt` failures in a row. */
  async #waitAfter(failure: Failure, attempt: number, server: Server): Promise<void> {
    server.access.goToOrigin()
    if (failure.error.code === 'ERR_DOWNLOAD_RESOURCES') releaseSpare('working')
    if (attempt === this.#context.settings.retries) this.#ranges.beforeLastAttempt(failure)
    await this.#waits.wait(attempt, failure)
  }

  #situationOf(assignment: Assignment): Situation {
    const { isConfirmed, keptBytes } = this.#schedule
    return { keptBytes, isOtherReceiving: this.#schedule.isOtherReceiving(assignment), isConfirmed }
  }

  async #attempt(assignment: Assignment, server: Server): Promise<Failure | null> {
    this.#requests++
    server.assignments.add(assignment)
    this.#context.onChange()
    try {
      return await this.#requester.request(assignment, server)
    } catch (error) {
      if (!this.#servers.goOnWithout(server, error)) throw error
      return null
    } finally {
      server.assignments.delete(assignment)
      this.#schedule.release(assignment)
      this.#context.onChange()
    }
  }

  /** Is something too slow? Is a remainder worth sharing by now that was not when a connection had nothing to do? */
  #checkEverySecond(): void {
    const error = this.#pace.check()
    if (error !== null) this.fail(error)
    if (this.#context.settings.limitRate !== null || this.#gate.isClosed) return
    // While a connection waits for its next attempt, no other one replaces it.
    const { assignments, maxConnections, isConfirmed } = this.#schedule
    if (isConfirmed && this.#workers.size === assignments.size) this.#startWorkers(maxConnections)
  }
}
