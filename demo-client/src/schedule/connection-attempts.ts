// The attempts of one connection, and what it does after each. Pure.
import { type Attempted, Attempts } from '../rules/attempts.ts'
import type { Failure } from './attempt-failure.ts'

/** What is so when an attempt is over. */
export interface Situation {
  /** Bytes that all connections have received and kept in this run. */
  readonly keptBytes: number
  /** Is another connection receiving a body? */
  readonly isOtherReceiving: boolean
  /** Has the file come from this server in this run? */
  readonly isConfirmed: boolean
}

/** How many failures in a row are allowed, and the longest wait, in ms. */
export interface AttemptPolicy {
  readonly retries: number
  readonly maxDelay: number
}

/**
 * What a connection does after a failure. It withdraws until the end of the run, it ends the download, or it tries again
 * after its failure number `attempt`. A failure of number 0 is not counted.
 */
export type NextStep =
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'end' }
  | { readonly kind: 'again'; readonly attempt: number }

/** Counts the attempts of one connection. */
export class ConnectionAttempts {
  readonly #policy: AttemptPolicy
  /** Counted by the bytes of this connection, because those of others do not make its own attempts any better. */
  readonly #own = new Attempts(0)
  /** Counted by the bytes of all connections. While there is progress, no download ends. */
  readonly #all: Attempts
  #ownBytes = 0
  #wasExpiredRedirect = false

  /** @param keptBytes what all connections have received before */
  constructor(policy: AttemptPolicy, keptBytes: number) {
    this.#policy = policy
    this.#all = new Attempts(keptBytes)
  }

  /** An attempt has received `bytes` that are kept. */
  addBytes(bytes: number): void {
    this.#ownBytes += bytes
  }

  /** A body has been received. Is it one too many with almost nothing in it? */
  isTooLittle(attempted: Attempted, { keptBytes, isOtherReceiving }: Situation): boolean {
    this.#wasExpiredRedirect = false
    const own = this.#own.isTooLittle(attempted, this.#ownBytes)
    const all = this.#all.isTooLittle(attempted, keptBytes)
    return isOtherReceiving ? own : all
  }

  /**
   * An attempt has failed. While another connection is receiving, no failure of this one ends the download. It does not
   * repeat a request that would fail again, and repeats any other a few times.
   */
  fail(failure: Failure, { keptBytes, isOtherReceiving, isConfirmed }: Situation): NextStep {
    if (failure.isExpiredRedirect && !this.#wasExpiredRedirect) {
      this.#wasExpiredRedirect = true
      return { kind: 'again', attempt: 0 }
    }
    const own = this.#own.fail(this.#ownBytes)
    const all = this.#all.fail(keptBytes)
    if (isOtherReceiving)
      return this.#isUseless(failure, own) ? { kind: 'withdraw' } : { kind: 'again', attempt: own }
    const isLast = failure.prospect === 'final' || (failure.prospect === 'lasting' && !isConfirmed)
    return isLast ? { kind: 'end' } : { kind: 'again', attempt: all }
  }

  /** Would one more attempt beside another connection be useless? */
  #isUseless({ prospect, isRefusal, retryAfterMs }: Failure, attempt: number): boolean {
    const { retries, maxDelay } = this.#policy
    return prospect !== 'passing' || isRefusal || attempt > retries || (retryAfterMs ?? 0) > maxDelay
  }
}
