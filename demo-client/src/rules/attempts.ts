// What the attempts of one connection come to. Pure.

/** This much, in bytes, is progress. */
const PROGRESS = 64 * 1024
/** Answers in a row of a part of what was asked for, without progress. */
const MOST_SCANTY = 32

/** What an attempt was for: of `start` to `end`, all before `position` was brought. */
export interface Attempted {
  readonly position: number
  readonly end: number
  /** Why the connection gave up the remaining bytes; null where it did not. */
  readonly abortReason: string | null
}

/** Counts failures in a row, and answers that bring next to nothing. `useful` is ever what has been received so far. */
export class Attempts {
  #failures = 0
  #scanty = 0
  #atFailure: number
  #atProgress: number

  /** @param useful bytes received before */
  constructor(useful: number) {
    this.#atFailure = useful
    this.#atProgress = useful
  }

  /**
   * An answer was taken. Is that one too many that ended before what was asked for? RFC 9110 §15.3.7: "a server might
   * want to send only a subset of the data requested", but with a byte each time there would be no end.
   */
  isTooLittle({ position, end, abortReason }: Attempted, useful: number): boolean {
    if (abortReason !== null) return false
    if (position >= end || useful - this.#atProgress >= PROGRESS) {
      this.#failures = 0
      this.#scanty = 0
      this.#atProgress = useful
      return false
    }
    if (++this.#scanty < MOST_SCANTY) return false
    this.#scanty = 0
    return true
  }

  /** An attempt has failed. Returns how many have since the last progress. */
  fail(useful: number): number {
    if (useful - this.#atFailure >= PROGRESS) {
      this.#failures = 0
      this.#scanty = 0
      this.#atProgress = useful
    }
    this.#atFailure = useful
    return ++this.#failures
  }
}
