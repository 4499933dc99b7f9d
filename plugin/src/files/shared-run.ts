import { setImmediate as endOfTurn } from 'node:timers/promises'

/**
 * Callers share a run of a task, but never one that began before they called. Callers that arrive while nothing runs are
 * gathered until the end of this turn of the event loop, when all requests that arrived together have been handled.
 * Callers that arrive during a run are gathered until it has ended.
 */
export function freshRun<T>(task: () => Promise<T>): () => Promise<T> {
  let gathering: Promise<T> | undefined
  let running: Promise<unknown> | undefined
  const begin = (): Promise<T> => {
    gathering = undefined
    const run = task()
    running = run
    const ended = (): void => {
      if (running === run) running = undefined
    }
    run.then(ended, ended)
    return run
  }
  return () => {
    gathering ??= (running ?? endOfTurn()).then(begin, begin)
    return gathering
  }
}

/** Tasks that callers share by a key, as by {@link freshRun}. Nothing is kept of a key without callers. */
export class SharedRuns<T> {
  readonly #shared = new Map<string, { readonly run: () => Promise<T>; callers: number }>()

  /** @param task does the same for each caller with this key */
  async run(key: string, task: () => Promise<T>): Promise<T> {
    let shared = this.#shared.get(key)
    if (shared === undefined) {
      shared = { run: freshRun(task), callers: 0 }
      this.#shared.set(key, shared)
    }
    shared.callers++
    try {
      return await shared.run()
    } finally {
      if (--shared.callers === 0) this.#shared.delete(key)
    }
  }
}
