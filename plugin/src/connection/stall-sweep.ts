import { unacknowledgedBytes } from './unacknowledged-bytes.ts'

/** How often progress is looked for within the time limit. */
const CHECKS_PER_TIMEOUT = 4
/** One more than that: the first look may come right after the last progress. */
const CHECKS_BEFORE_CUT = CHECKS_PER_TIMEOUT + 1

/** What a sweep looks at. */
export interface Sweepable {
  /** Whether bytes are waiting for the client. */
  readonly isWaiting: boolean
  /** Of its connection, in the system's table; empty where that says nothing of it. */
  readonly connectionKey: string
  /** Since it was asked last. */
  hasProgressed(): boolean
  /** Called once at most. */
  onStall(): void
  /** The sweep's own count. */
  checksWithoutProgress: number
  /** Bytes at the last look, -1 when not known. */
  unacknowledged: number
}

/** Looks after all answers that have the same limit, with one timer that holds no process open. */
export class StallSweep {
  readonly #answers = new Set<Sweepable>()
  readonly #onEmpty: () => void
  readonly #periodMs: number
  #timer: NodeJS.Timeout | undefined
  #isReading = false

  /**
   * @param timeoutMs ms without progress
   * @param onEmpty called when the sweep has nothing to look after and stops
   */
  constructor(timeoutMs: number, onEmpty: () => void) {
    this.#onEmpty = onEmpty
    this.#periodMs = Math.ceil(timeoutMs / CHECKS_PER_TIMEOUT)
  }

  add(answer: Sweepable): void {
    this.#answers.add(answer)
    this.#timer ??= setInterval(() => this.#sweep(), this.#periodMs).unref()
  }

  delete(answer: Sweepable): void {
    this.#answers.delete(answer)
  }

  #sweep(): void {
    // Short answers come and go: the timer stays until a whole period ends without one.
    if (this.#answers.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#onEmpty()
      return
    }
    const suspects: Sweepable[] = []
    for (const answer of this.#answers) {
      const isStill = !answer.hasProgressed() && answer.isWaiting
      answer.checksWithoutProgress = isStill ? answer.checksWithoutProgress + 1 : 0
      if (isStill) suspects.push(answer)
      else answer.unacknowledged = -1
    }
    if (suspects.length > 0) void this.#judge(suspects)
  }

  /**
   * The system takes over megabytes for a client and then nothing until a third of them is gone, so a slow client
   * shows only by what it acknowledges. The table is long on a busy host: it is read once, for all, when in doubt.
   */
  async #judge(suspects: readonly Sweepable[]): Promise<void> {
    const keys = new Set(suspects.map((answer) => answer.connectionKey).filter((key) => key !== ''))
    // A reading that lasts longer than a period (threads that hang) must not keep stalled clients.
    if (keys.size > 0 && !this.#isReading) {
      this.#isReading = true
      const found = await unacknowledgedBytes(keys)
      this.#isReading = false
      for (const answer of suspects) compare(answer, found.get(answer.connectionKey) ?? -1)
    }
    for (const answer of suspects) {
      if (answer.checksWithoutProgress < CHECKS_BEFORE_CUT || !this.#answers.delete(answer)) continue
      answer.onStall()
    }
  }
}

function compare(answer: Sweepable, unacknowledged: number): void {
  const hasMoved =
    answer.unacknowledged !== unacknowledged && answer.unacknowledged >= 0 && unacknowledged >= 0
  if (hasMoved) answer.checksWithoutProgress = 0
  answer.unacknowledged = unacknowledged
}
