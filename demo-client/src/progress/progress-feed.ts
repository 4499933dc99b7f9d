// The newest snapshot of a download, for any reader, at any pace.
import type { DownloadProgress } from '../download-progress.ts'

/** Holds the newest snapshot and wakes those who wait for a newer one. */
export class ProgressFeed {
  readonly #look: () => DownloadProgress
  #version = 0
  #isOver = false
  #wake: (() => void)[] = []

  /** @param look takes a snapshot */
  constructor(look: () => DownloadProgress) {
    this.#look = look
  }

  /** There is something new to see. */
  touch(): void {
    this.#version++
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Nothing new will come: iterations end after the last snapshot. */
  end(): void {
    this.#isOver = true
    this.touch()
  }

  /** Snapshots, each the newest there is when it is taken, ending with the download. */
  async *snapshots(): AsyncGenerator<DownloadProgress, void, undefined> {
    let seen = -1
    while (true) {
      const isLast = this.#isOver
      if (seen !== this.#version) {
        seen = this.#version
        yield this.#look()
      }
      if (isLast) return
      if (seen === this.#version) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }
}
