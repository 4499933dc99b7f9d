/** The results of a run. */
export class Tally {
  /** Answers of which every byte was right. */
  answers = 0
  /** Bytes received. */
  bytes = 0
  /** Answers with a wrong byte, and chunks that changed while a wrapper kept them. */
  wrong = 0
  /** Connections that ended, or stopped, in the middle of an answer. */
  cut = 0
  /** The first fault. */
  firstWrong: string | undefined

  /** Counts a fault. */
  addWrong(error: unknown): void {
    this.wrong++
    this.firstWrong ??= error instanceof Error ? error.message : String(error)
  }
}
