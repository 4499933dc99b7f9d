import { SendRangeError } from '../errors.ts'
import { foreignFailure, isError } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { propertyOf } from '../own-properties.ts'

/** Empty chunks in a row after which a source counts as broken. */
export const MOST_EMPTY_CHUNKS: number = 1000

/** Whether something can be asked for representations. */
export function isSource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof propertyOf(value, 'open') === 'function'
}

/** A source breaks its contract: an `ERR_RANGE_SOURCE`. */
export function brokenContract(message: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_SOURCE', message)
}

/** The failure of `open`: an Error with the status of an answer is meant to be sent as it is. */
export function openFailure(thrown: unknown): Error {
  if (isError(thrown) && isErrorStatus(Reflect.get(thrown, 'statusCode'))) return thrown
  return foreignFailure('ERR_RANGE_SOURCE', 'The open of the source', thrown)
}

function isErrorStatus(status: unknown): boolean {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}

/**
 * Bytes that a source gave, in its own memory: to be copied at once, since it may serve other answers, and other threads may
 * write to it.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` for anything that is not a Uint8Array: it has another length in bytes
 */
export function checkedBytes(given: unknown): Uint8Array {
  if (given instanceof Uint8Array) return given
  ignoreRejection(given)
  throw brokenContract('The source gave no bytes')
}

/** Checks what `cached` returned: exactly the bytes that were asked for, or undefined. */
export function checkedCached(given: unknown, length: number): Uint8Array | undefined {
  if (given === undefined) return undefined
  const bytes = checkedBytes(given)
  if (bytes.length !== length) throw new SendRangeError('ERR_RANGE_LENGTH', 'The source gave another length')
  return bytes
}
