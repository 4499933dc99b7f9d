// A promise that is resolved from outside.

/** Something to wait for. */
export interface Signalled {
  readonly promise: Promise<void>
  /** Ends all waits. Further calls do nothing. */
  readonly resolve: () => void
}

/** A new one. */
export function signalled(): Signalled {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
