// Work that several callers need at the same time, such as the flush of a folder in which many files were finished.

/** Callers share a run for a key, but never one that began before they called: it may have missed what they have done. */
export class FreshRuns {
  readonly #run: (key: string) => Promise<boolean>
  readonly #runs = new Map<string, Runs>()

  constructor(run: (key: string) => Promise<boolean>) {
    this.#run = run
  }

  /** The result of a run that begins after this call. */
  async call(key: string): Promise<boolean> {
    const runs = this.#runs.get(key)
    if (runs === undefined) return await this.#begin(key)
    runs.next ??= runs.current.then(
      () => this.#begin(key),
      () => this.#begin(key),
    )
    return await runs.next
  }

  #begin(key: string): Promise<boolean> {
    const runs: Runs = { current: this.#run(key), next: null }
    this.#runs.set(key, runs)
    const end = (): void => {
      if (runs.next === null) this.#runs.delete(key)
    }
    runs.current.then(end, end)
    return runs.current
  }
}

interface Runs {
  readonly current: Promise<boolean>
  /** Begins when `current` ends. */
  next: Promise<boolean> | null
}
