/**
 * Lets callers share one task without ever getting a result from before their call: whoever comes while it runs gets
 * the run that starts when this one has ended, together with all who came meanwhile.
 */
export function startedAfter<T>(task: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    const run = task()
    running = run
    const ended = (): void => {
      if (running === run) running = undefined
    }
    run.then(ended, ended)
    return run
  }
  const startNext = (): Promise<T> => {
    next = undefined
    return start()
  }
  return () => {
    if (running === undefined) return start()
    next ??= running.then(startNext, startNext)
    return next
  }
}
