/** What a run has seen. */
export class Tally {
  /** Answers of which every byte was right. */
  answers = 0
  /** Bytes received. */
  bytes = 0
  /** Answers with a wrong byte, and chunks that a wrapper kept and that changed under it. */
  wrong = 0
  /** Connections that ended, or were silent, in the middle of an answer. */
  cut = 0
  /** The first of what was wrong. */
  firstWrong: string | undefined

  /** Counts what was wrong. */
  addWrong(error: unknown): void {
    this.wrong++
    this.firstWrong ??= error instanceof Error ? error.message : String(error)
  }
}
