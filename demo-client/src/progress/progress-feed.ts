// The newest snapshot of a download, for any number of readers at any speed.
import type { DownloadProgress } from '../download-progress.ts'

/** Gives each reader the newest snapshot, and wakes the readers that wait for a newer one. */
export class ProgressFeed {
  readonly #takeSnapshot: () => DownloadProgress
  #version = 0
  #isOver = false
  #wake: (() => void)[] = []

  constructor(takeSnapshot: () => DownloadProgress) {
    this.#takeSnapshot = takeSnapshot
  }

  /** A snapshot would differ from the last one. */
  changed(): void {
    this.#version++
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Nothing changes any more. Readers end after the last snapshot. */
  end(): void {
    this.#isOver = true
    this.changed()
  }

  /** Snapshots until the end of the download. Each is taken when its reader asks for it. */
  async *snapshots(): AsyncGenerator<DownloadProgress, void, undefined> {
    let seen = -1
    while (true) {
      const isLast = this.#isOver
      if (seen !== this.#version) {
        seen = this.#version
        yield this.#takeSnapshot()
      }
      if (isLast) return
      if (seen === this.#version) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }
}
