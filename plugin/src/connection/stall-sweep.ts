import { type Link, LinkedList } from '../linked-list.ts'
import { unacknowledgedBytes } from './unacknowledged-bytes.ts'

/** Checks of progress within the timeout. */
const CHECKS_PER_TIMEOUT = 4
/** One more than that: the first check may come right after the last progress. */
const CHECKS_BEFORE_CUT = CHECKS_PER_TIMEOUT + 1

/** An answer that a sweep checks. */
export interface Sweepable {
  /** Whether bytes are waiting for the client. */
  readonly isWaiting: boolean
  /** The key of its connection in the table of the system; empty if it is not there. */
  readonly connectionKey: string
  /** Since the last call. */
  hasProgressed(): boolean
  /** Called once at most. */
  onStall(): void
  /** Counted by the sweep. */
  checksWithoutProgress: number
  /** Bytes at the last check; -1 if not known. */
  unacknowledged: number
}

/** Checks all answers with the same timeout. Its one timer does not keep the process alive. */
export class StallSweep {
  readonly #answers = new LinkedList<Sweepable>()
  readonly #onEmpty: () => void
  readonly #periodMs: number
  #timer: NodeJS.Timeout | undefined
  #isReading = false

  /**
   * @param timeoutMs ms without progress
   * @param onEmpty called when the sweep has no answers any more and stops
   */
  constructor(timeoutMs: number, onEmpty: () => void) {
    this.#onEmpty = onEmpty
    this.#periodMs = Math.ceil(timeoutMs / CHECKS_PER_TIMEOUT)
  }

  /** With the result the answer can be removed. */
  add(answer: Sweepable): Link<Sweepable> {
    this.#timer ??= setInterval(() => this.#sweep(), this.#periodMs).unref()
    return this.#answers.add(answer)
  }

  remove(link: Link<Sweepable>): void {
    this.#answers.remove(link)
  }

  #sweep(): void {
    // Short answers come and go: the timer stays until a whole period ends without one.
    if (this.#answers.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#onEmpty()
      return
    }
    const suspects: Link<Sweepable>[] = []
    for (const link of this.#answers) {
      const answer = link.value
      const isStill = !answer.hasProgressed() && answer.isWaiting
      answer.checksWithoutProgress = isStill ? answer.checksWithoutProgress + 1 : 0
      if (isStill) suspects.push(link)
      else answer.unacknowledged = -1
    }
    if (suspects.length > 0) void this.#judge(suspects)
  }

  /**
   * The system takes megabytes for a client, and then nothing until a third of them was sent. So the progress of a slow
   * client shows only in what it acknowledges. The table of the system is long on a busy host: it is read once for all
   * suspects.
   */
  async #judge(suspects: readonly Link<Sweepable>[]): Promise<void> {
    const keys = new Set(suspects.map(({ value }) => value.connectionKey).filter((key) => key !== ''))
    // If a reading lasts longer than a period (because threads hang), stalled clients are cut all the same.
    if (keys.size > 0 && !this.#isReading) {
      this.#isReading = true
      const found = await unacknowledgedBytes(keys)
      this.#isReading = false
      for (const { value } of suspects) compare(value, found.get(value.connectionKey) ?? -1)
    }
    for (const suspect of suspects) {
      const answer = suspect.value
      if (answer.checksWithoutProgress < CHECKS_BEFORE_CUT || !this.#answers.remove(suspect)) continue
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
