// Whether ranges work with this server. Where they do not, the file is fetched as one stream without ranges.
import { DownloadError } from '../errors.ts'
import type { Assignment } from './assignment.ts'
import { type Failure, invalidAnswerFailure, mayBeAboutRange } from './attempt-failure.ts'
import type { Schedule, StoredBytes } from './schedule.ts'

/** One useless answer may be the fault of one connection. */
const MAX_USELESS_ANSWERS = 2

/** What is known about the ranges of one version of a file. */
export class RangeSupport {
  readonly #schedule: Schedule
  readonly #store: Pick<StoredBytes, 'joinable'>
  #uselessAnswers = 0
  /** Why the whole file is asked for, without a range; null while ranges are used. */
  #reason: string | null = null

  constructor(schedule: Schedule, store: Pick<StoredBytes, 'joinable'>) {
    this.#schedule = schedule
    this.#store = store
  }

  /**
   * The answer to the range of `assignment` was useless. The first time the range is asked for again, on a fresh
   * connection. The second time the whole file is asked for, as one stream. While another connection is receiving, its
   * stream goes on, and this is an ordinary failure.
   */
  uselessAnswer(assignment: Assignment, reason: string): Failure | null {
    if (this.#schedule.mode === 'whole') return null // after the useless answers of other connections
    if (this.#schedule.isOtherReceiving(assignment)) return invalidAnswerFailure(reason)
    this.#uselessAnswers++
    const failure: Failure = { ...invalidAnswerFailure(reason), prospect: 'passing' }
    if (this.#uselessAnswers < MAX_USELESS_ANSWERS && this.#store.joinable !== null) return failure
    this.stopUsingRanges(failure)
    this.#schedule.abortAll('single-stream')
    return null
  }

  /** One attempt is left. If nothing has been received and the Range may be to blame, it asks for the whole file. */
  beforeLastAttempt(failure: Failure): void {
    const hasReceived = this.#schedule.isConfirmed || this.#store.joinable !== null
    if (!hasReceived && mayBeAboutRange(failure)) this.stopUsingRanges(failure)
  }

  /**
   * `failure`, with the reason why no range was asked for before it. Where a server fails at ranges, its answer to the
   * request without one is not the first cause.
   */
  explain(failure: Failure): Failure {
    if (this.#reason === null || failure.reason.startsWith(this.#reason)) return failure
    const reason = `${this.#reason}; asked again without a range: ${failure.reason}`
    const { code, statusCode, cause } = failure.error
    const status = statusCode === undefined ? {} : { statusCode }
    return { ...failure, reason, error: new DownloadError(code, reason, { cause, ...status }) }
  }

  /** Asks for the whole file from now on, because of `failure`. */
  stopUsingRanges({ reason }: Failure): void {
    this.#reason ??= reason
    this.#schedule.switchToWhole()
  }
}
