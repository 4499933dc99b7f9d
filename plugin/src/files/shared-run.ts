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
