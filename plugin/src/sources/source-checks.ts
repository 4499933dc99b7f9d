import { SendRangeError } from '../errors.ts'
import { foreignFailure, isError } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { propertyOf } from '../own-properties.ts'

/** A source that returns this many empty chunks in a row is broken. */
export const MOST_EMPTY_CHUNKS: number = 1000

/** Whether something can be asked for representations. */
export function isSource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof propertyOf(value, 'open') === 'function'
}

/** The error of a source that breaks its contract: an `ERR_RANGE_SOURCE`. */
export function brokenContract(message: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_SOURCE', message)
}

/** The error of a failed `open`. An Error with the status of an answer is meant to be sent as it is. */
export function openFailure(thrown: unknown): Error {
  if (isError(thrown) && isErrorStatus(Reflect.get(thrown, 'statusCode'))) return thrown
  return foreignFailure('ERR_RANGE_SOURCE', 'The open of the source', thrown)
}

function isErrorStatus(status: unknown): boolean {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}

/**
 * Bytes that a source returned, in its own memory. Copy them at once: they may serve other answers, and other threads may
 * write to them.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` for anything but a Uint8Array, whose length is in bytes
 */
export function checkedBytes(given: unknown): Uint8Array {
  if (given instanceof Uint8Array) return given
  ignoreRejection(given)
  throw brokenContract('The source returned a value that is not a Uint8Array')
}

/** Checks what `cached` returned: exactly the bytes that were asked for, or undefined. */
export function checkedCached(given: unknown, length: number): Uint8Array | undefined {
  if (given === undefined) return undefined
  const bytes = checkedBytes(given)
  if (bytes.length !== length)
    throw new SendRangeError(
      'ERR_RANGE_LENGTH',
      'The source returned another number of bytes than it was asked for',
    )
  return bytes
}
