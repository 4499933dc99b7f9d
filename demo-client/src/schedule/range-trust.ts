// Whether ranges work here. What speaks against them leads, in the end, to one stream without ranges.
import type { Store } from '../disk/store.ts'
import { DownloadError } from '../errors.ts'
import { type Failure, lieFailure, mayBeAboutRange } from './attempt-failure.ts'
import type { ActiveLease } from './lease.ts'
import type { Schedule } from './schedule.ts'

/** A first trouble may be that of one connection. */
const MOST_TROUBLES = 2

/** How far the ranges of one version of a file are trusted. */
export class RangeTrust {
  readonly #schedule: Schedule
  readonly #store: Store
  #troubles = 0
  /** Why the whole is asked for, without a range; null while ranges are. */
  #reason: string | null = null

  constructor(schedule: Schedule, store: Store) {
    this.#schedule = schedule
    this.#store = store
  }

  /**
   * The answer to a range, that of `lease`, was of no use: a second try on a fresh connection, then the whole as one stream.
   * Not while another connection receives: the stream that it has goes on.
   */
  lose(lease: ActiveLease, reason: string): Failure | null {
    if (this.#schedule.mode === 'whole') return null // another connection has seen to it
    if (this.#schedule.isReceivingBeside(lease)) return lieFailure(reason)
    this.#troubles++
    const failure: Failure = { ...lieFailure(reason), prospect: 'passing' }
    if (this.#troubles < MOST_TROUBLES && this.#store.joinable !== null) return failure
    this.startWhole(failure)
    this.#schedule.giveUpAll()
    return null
  }

  /** One attempt is left and nothing has come yet: it asks for the whole, where the Range can be to blame. */
  leaveOut(failure: Failure): void {
    const hasCome = this.#schedule.isConfirmed || this.#store.joinable !== null
    if (!hasCome && mayBeAboutRange(failure)) this.startWhole(failure)
  }

  /**
   * The same failure, told with what came before it: where a server fails at ranges, what it answers without one is not
   * the reason.
   */
  explain(failure: Failure): Failure {
    if (this.#reason === null || failure.reason.startsWith(this.#reason)) return failure
    const reason = `${this.#reason}; asked again without a range: ${failure.reason}`
    const { code, statusCode, cause } = failure.error
    const status = statusCode === undefined ? {} : { statusCode }
    return { ...failure, reason, error: new DownloadError(code, reason, { cause, ...status }) }
  }

  /** Asks for the whole from now on, because of `failure`. */
  startWhole({ reason }: Failure): void {
    this.#reason ??= reason
    this.#schedule.startWhole()
  }
}
