// Whether ranges work here. What speaks against them leads, in the end, to one stream without ranges.
import { type Failure, lieFailure, mayBeAboutRange } from './failure.ts'
import type { Schedule } from './schedule.ts'
import type { Store } from './store.ts'

/** A first trouble may be that of one connection. */
const MOST_TROUBLES = 2

/** How far the ranges of one version of a file are trusted. */
export class RangeTrust {
  readonly #schedule: Schedule
  readonly #store: Store
  #troubles = 0

  constructor(schedule: Schedule, store: Store) {
    this.#schedule = schedule
    this.#store = store
  }

  /** An answer to a range was of no use: a second try on a fresh connection, then the whole as one stream. */
  lose(reason: string): Failure | null {
    if (this.#schedule.mode === 'whole') return null // another connection has seen to it
    this.#troubles++
    if (this.#troubles < MOST_TROUBLES && this.#store.joinable !== null) return lieFailure(reason)
    this.#schedule.startWhole()
    this.#schedule.giveUpAll()
    return null
  }

  /** One attempt is left and nothing has come yet: it asks for the whole, where the Range can be to blame. */
  leaveOut(failure: Failure): void {
    const hasCome = this.#schedule.isConfirmed || this.#store.joinable !== null
    if (!hasCome && mayBeAboutRange(failure)) this.#schedule.startWhole()
  }
}
