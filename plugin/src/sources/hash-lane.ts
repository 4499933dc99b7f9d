/** How many tasks of a lane run and wait. */
export interface LaneLimits {
  readonly running: number
  readonly waiting: number
}

/** Runs a few tasks at a time, in the order of their calls. Those that wait are bounded too. */
export class HashLane {
  readonly #limits: LaneLimits
  /** Each is called with whether it is the turn of its task; if not, the task was aborted. */
  readonly #waiting = new Set<(isTurn: boolean) => void>()
  #running = 0

  constructor(limits: LaneLimits) {
    this.#limits = limits
  }

  /** Whether one more task would be too many. */
  get isFull(): boolean {
    return this.#running >= this.#limits.running && this.#waiting.size >= this.#limits.waiting
  }

  /**
   * Runs a task when it is its turn. The turn ends with the task, or when it is aborted: a read of a storage that hangs may
   * never end.
   *
   * @returns what the task returns; undefined if it is aborted
   */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T | undefined> {
    if (this.#running < this.#limits.running) this.#running++
    else if (!(await this.#turn(signal))) return undefined
    try {
      return signal.aborted ? undefined : await Promise.race([task(), whenAborted(signal)])
    } finally {
      const [next] = this.#waiting
      if (next === undefined) this.#running--
      else next(true)
    }
  }

  #turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const abort = (): void => begin(false)
      const begin = (isTurn: boolean): void => {
        signal.removeEventListener('abort', abort)
        this.#waiting.delete(begin)
        resolve(isTurn)
      }
      signal.addEventListener('abort', abort)
      this.#waiting.add(begin)
    })
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
