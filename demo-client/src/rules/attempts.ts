// Counts the attempts of a connection that fail or make no progress. Pure.

/** This many bytes are progress. */
const PROGRESS_BYTES = 64 * 1024
/** The most answers in a row that end early, without progress. */
const MAX_SHORT_ANSWERS = 32

/** What an attempt was for: the bytes up to `end`. Those before `position` have arrived. */
export interface Attempted {
  readonly position: number
  readonly end: number
  /** Why the connection gave up the remaining bytes; null where it did not. */
  readonly abortReason: string | null
}

/** Counts failures and short answers in a row. `received` is always the number of new bytes received so far. */
export class Attempts {
  #failures = 0
  #shortAnswers = 0
  #atFailure: number
  #atProgress: number

  /** @param received bytes received before */
  constructor(received: number) {
    this.#atFailure = received
    this.#atProgress = received
  }

  /**
   * Call after an answer. Were there too many answers in a row that ended early? RFC 9110 §15.3.7: "a server might
   * want to send only a subset of the data requested", but answers of one byte each would never end.
   */
  isTooLittle({ position, end, abortReason }: Attempted, received: number): boolean {
    if (abortReason !== null) return false
    if (position >= end || received - this.#atProgress >= PROGRESS_BYTES) {
      this.#failures = 0
      this.#shortAnswers = 0
      this.#atProgress = received
      return false
    }
    if (++this.#shortAnswers < MAX_SHORT_ANSWERS) return false
    this.#shortAnswers = 0
    return true
  }

  /** Call after a failed attempt. Returns the number of failures since the last progress. */
  fail(received: number): number {
    if (received - this.#atFailure >= PROGRESS_BYTES) {
      this.#failures = 0
      this.#shortAnswers = 0
      this.#atProgress = received
    }
    this.#atFailure = received
    return ++this.#failures
  }
}
