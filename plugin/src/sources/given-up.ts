import { SendRangeError } from '../errors.ts'
import { asError } from '../foreign-failure.ts'

/**
 * Nobody wants the answer any more, so nothing waits for the bytes: no fault that is worth a report. One for all: the
 * stack of an error refers to what is on it, and a source may hold what it has promised for ever.
 */
const GIVEN_UP = new SendRangeError('ERR_RANGE_READ', 'The answer was given up')

/** What signals are aborted with: as by default, but one for all, for the same reason. */
const ABORTED = new DOMException('This operation was aborted', 'AbortError')

/** Tells a source that nobody wants the answer any more. */
export function giveUp(controller: AbortController): void {
  controller.abort(ABORTED)
}

/** Throws where nobody wants the answer any more. */
export function assertWanted(signal: AbortSignal): void {
  if (signal.aborted) throw GIVEN_UP
}

/**
 * Settles as what a source has promised does, and rejects as soon as the signal is aborted: a promise that never settles
 * holds nothing that waits for it.
 */
export function unlessGivenUp<T>(work: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(GIVEN_UP)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
}

/** What a body fails with; undefined where it is only wanted no longer. */
export function failureOf(thrown: unknown): Error | undefined {
  return thrown === GIVEN_UP ? undefined : asError(thrown)
}
