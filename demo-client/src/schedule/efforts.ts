// What the attempts of one connection come to, and what it does next. Pure.
import { type Attempted, Attempts } from '../rules/attempts.ts'
import type { Failure } from './attempt-failure.ts'

/** How things stand when an attempt is over. */
export interface Situation {
  /** Bytes that all connections have brought. */
  readonly useful: number
  /** Does another connection receive? */
  readonly isBeside: boolean
  /** Has the file come from this server in this run? */
  readonly isConfirmed: boolean
}

/** How often is tried again, and how long is waited at most, in ms. */
export interface EffortPolicy {
  readonly retries: number
  readonly maxDelay: number
}

/**
 * What a connection does after a failure: it withdraws for the rest of the run, it ends the download, or it tries again
 * after its failure number `attempt`; a failure of number 0 is not counted.
 */
export type Next =
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'end' }
  | { readonly kind: 'again'; readonly attempt: number }

/** The attempts of one connection. */
export class Efforts {
  readonly #policy: EffortPolicy
  /** By what it has brought itself: what others bring does not make its own attempts any better. */
  readonly #own = new Attempts(0)
  /** By what all have brought: while there is progress, no download ends. */
  readonly #all: Attempts
  #useful = 0
  #wasStale = false

  /** @param useful bytes that all connections have brought before */
  constructor(policy: EffortPolicy, useful: number) {
    this.#policy = policy
    this.#all = new Attempts(useful)
  }

  /** An attempt has brought `useful` bytes that count. */
  count(useful: number): void {
    this.#useful += useful
  }

  /** An answer was taken. Is that one too many that brought next to nothing? */
  isTooLittle(attempted: Attempted, { useful, isBeside }: Situation): boolean {
    this.#wasStale = false
    const own = this.#own.isTooLittle(attempted, this.#useful)
    const all = this.#all.isTooLittle(attempted, useful)
    return isBeside ? own : all
  }

  /**
   * An attempt has failed. While another connection receives, nothing that this one gets ends the download: what it would
   * get again, it does not ask for again, and otherwise it tries a few times.
   */
  fail(failure: Failure, { useful, isBeside, isConfirmed }: Situation): Next {
    if (failure.isStale && !this.#wasStale) {
      this.#wasStale = true
      return { kind: 'again', attempt: 0 }
    }
    const own = this.#own.fail(this.#useful)
    const all = this.#all.fail(useful)
    if (isBeside) return this.#isVain(failure, own) ? { kind: 'withdraw' } : { kind: 'again', attempt: own }
    const isLast = failure.prospect === 'final' || (failure.prospect === 'lasting' && !isConfirmed)
    return isLast ? { kind: 'end' } : { kind: 'again', attempt: all }
  }

  /** Would one more attempt, beside another connection, come to nothing? */
  #isVain({ prospect, isRefusal, wait }: Failure, attempt: number): boolean {
    const { retries, maxDelay } = this.#policy
    return prospect !== 'passing' || isRefusal || attempt > retries || (wait ?? 0) > maxDelay
  }
}
