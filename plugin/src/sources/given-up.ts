import { SendRangeError } from '../errors.ts'
import { asError } from '../foreign-failure.ts'
import type { Signal } from './signal.ts'

/**
 * The answer is over, so nothing waits for the bytes. That is not a fault, and is not reported. There is one error for
 * all answers: the stack of an error refers to objects of its caller, and a source may keep a promise pending for ever.
 */
const GIVEN_UP = new SendRangeError('ERR_RANGE_READ', 'The answer was given up')

/** The reason of aborted signals. It is the default of Node, but one for all, for the same reason. */
export const ABORTED: DOMException = new DOMException('This operation was aborted', 'AbortError')

/** Reports to a source that the answer is over. */
export function giveUp(controller: AbortController): void {
  controller.abort(ABORTED)
}

/** Throws if the answer is over. */
export function assertWanted(signal: Signal): void {
  if (signal.aborted) throw GIVEN_UP
}

/**
 * Settles as a promise of a source does, or rejects as soon as the signal is aborted. So a promise that never settles
 * keeps nothing in memory that waits for it.
 */
export function unlessGivenUp<T>(work: T | PromiseLike<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(GIVEN_UP)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The same for what may be there already. */
export function awaitedUnlessGivenUp<T>(work: T | PromiseLike<T>, signal: Signal): T | Promise<T> {
  return isPromiseLike(work) ? unlessGivenUp(work, signal) : work
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** The error that a body fails with; undefined if the answer is only over. */
export function failureOf(thrown: unknown): Error | undefined {
  return thrown === GIVEN_UP ? undefined : asError(thrown)
}
