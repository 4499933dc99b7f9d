import { setImmediate as endOfTurn } from 'node:timers/promises'

/**
 * Lets callers share runs of a task without ever getting a result from before their call: a run starts after the last
 * who shares it came. Who comes while none is under way gathers until the end of this turn of the event loop, which
 * is when all requests that arrived together have been handled; who comes during a run, until it has ended.
 */
export function startedAfter<T>(task: () => Promise<T>): () => Promise<T> {
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
