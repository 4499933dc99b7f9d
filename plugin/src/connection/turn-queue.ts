/** How often it is looked, while somebody waits, which of those that have a turn still get on. */
const CHECK_INTERVAL_MS = 250

/** Of a turn that began since the last check. */
const NOT_CHECKED = Symbol('not checked')

/** How many may have a turn at a time. */
export interface TurnLimits {
  /** Those that get on. */
  readonly moving: number
  /** All of them, with those that stand still. */
  readonly total: number
}

/** Somebody's turn. */
export interface Turn {
  /** Anything that is another value at the next look when work has gone on. */
  readonly progress: () => unknown
}

/** What the last look found. */
interface LastCheck {
  progress: unknown
  isStill: boolean
}

/**
 * Lets a few work at a time, in the order in which they came. One that stands still for a quarter of a second, while
 * others wait, is counted no longer: it keeps its turn, and another gets one too, up to a limit for all.
 */
export class TurnQueue {
  readonly #limits: TurnLimits
  readonly #held = new Map<Turn, LastCheck>()
  readonly #waiting = new Map<Turn, () => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** Takes a turn that is free now. False where no turn is free, or where others wait for one. */
  tryTake(turn: Turn): boolean {
    if (this.#waiting.size > 0 || !this.#isFree()) return false
    this.#hold(turn)
    return true
  }

  /** Waits for a turn. Resolves also when the waiting is given up. */
  take(turn: Turn): Promise<void> {
    if (this.tryTake(turn)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.set(turn, resolve)
      this.#timer ??= setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref()
    })
  }

  /** Waits no longer. */
  giveUp(turn: Turn): void {
    this.#waiting.get(turn)?.()
    this.#waiting.delete(turn)
  }

  /** Ends a turn, if there is one. */
  giveBack(turn: Turn): void {
    // A client that leaves gives back all its turns at once: none of them is for another of its requests.
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
