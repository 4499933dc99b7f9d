/** Ms between two checks of which turns still make progress. Checked only while others wait. */
const CHECK_INTERVAL_MS = 250

/** Of a turn that began since the last check. */
const NOT_CHECKED = Symbol('not checked')

/** How many may have a turn at a time. */
export interface TurnLimits {
  /** Turns that make progress. */
  readonly moving: number
  /** All turns, with those that make no progress. */
  readonly total: number
}

/** The turn of one answer. */
export interface Turn {
  /** Any value that is different at the next check if there was progress. */
  readonly progress: () => unknown
}

/** What the last check has found. */
interface LastCheck {
  progress: unknown
  isStill: boolean
}

/**
 * Gives turns to a few at a time, in the order in which they asked. A turn that makes no progress for a quarter of a
 * second, while others wait, does not count any more: it goes on, and another one begins, up to a limit for all.
 */
export class TurnQueue {
  readonly #limits: TurnLimits
  readonly #held = new Map<Turn, LastCheck>()
  readonly #waiting = new Map<Turn, () => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** Takes a turn if one is free now. Returns false if none is free, or others wait for one. */
  tryTake(turn: Turn): boolean {
    if (this.#waiting.size > 0 || !this.#isFree()) return false
    this.#hold(turn)
    return true
  }

  /** Waits for a turn. Resolves also after {@link giveUp}. */
  take(turn: Turn): Promise<void> {
    if (this.tryTake(turn)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.set(turn, resolve)
      this.#timer ??= setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref()
    })
  }

  /** Stops waiting for a turn. */
  giveUp(turn: Turn): void {
    this.#waiting.get(turn)?.()
    this.#waiting.delete(turn)
  }

  /** Ends a turn. Does nothing without one. */
  giveBack(turn: Turn): void {
    // A client that leaves ends all its turns at once. None of them must go to another of its requests.
    if (this.#held.delete(turn) && this.#waiting.size > 0) setImmediate(() => this.#startWaiting())
  }

  #hold(turn: Turn): void {
    this.#held.set(turn, { progress: NOT_CHECKED, isStill: false })
  }

  #isFree(): boolean {
    if (this.#held.size < this.#limits.moving) return true
    if (this.#held.size >= this.#limits.total) return false
    let moving = 0
    for (const { isStill } of this.#held.values()) if (!isStill) moving++
    return moving < this.#limits.moving
  }

  #startWaiting(): void {
    for (const [turn, resolve] of this.#waiting) {
      if (!this.#isFree()) return
      this.#waiting.delete(turn)
      this.#hold(turn)
      resolve()
    }
  }

  #check(): void {
    for (const [turn, last] of this.#held) {
      const progress = turn.progress()
      last.isStill = progress === last.progress
      last.progress = progress
    }
    this.#startWaiting()
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
