import { types } from 'node:util'
import { SendRangeError } from './errors.ts'
import { ignoreRejection } from './ignore-rejection.ts'

/** Empty chunks in a row after which a source counts as broken. */
export const MOST_EMPTY_CHUNKS: number = 1000
/** Errors under errors, after which a chain of causes counts as endless. */
const MOST_CAUSES = 100

/** A source breaks its contract: an `ERR_RANGE_SOURCE`. */
export function brokenContract(message: string, cause?: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_SOURCE', message, { cause })
}

/**
 * What was thrown as an Error that can be handed on. JavaScript allows any value; Fastify would send a string as an
 * answer, a stream takes null for no error, and pino fails on an Error that it cannot mark as seen (a frozen one).
 */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown
  return brokenContract('The answer failed without an Error', loggable(thrown))
}

/**
 * The failure of a function that is not ours. Its own words may name paths of the server, so they are the cause, for the
 * log; a SendRangeError is made to be sent.
 *
 * @param what is said to have failed
 */
export function foreignFailure(
  code: 'ERR_RANGE_SOURCE' | 'ERR_RANGE_OPTION',
  what: string,
  thrown: unknown,
): SendRangeError {
  if (isError(thrown) && thrown instanceof SendRangeError) return thrown
  return new SendRangeError(code, `${what} failed`, { cause: loggable(thrown) })
}

/** The failure of `open`: an Error with the status of an answer is meant to be sent as it is. */
export function openFailure(thrown: unknown): Error {
  if (isError(thrown) && isErrorStatus(Reflect.get(thrown, 'statusCode'))) return thrown
  return foreignFailure('ERR_RANGE_SOURCE', 'The open of the source', thrown)
}

function isErrorStatus(status: unknown): boolean {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599
}

/** Whether it is an Error that Fastify and a logger can take as it is. */
function isError(thrown: unknown): thrown is Error {
  if (loggable(thrown) === undefined) return false
  return (thrown instanceof Error || types.isNativeError(thrown)) && Object.isExtensible(thrown)
}

/** What was thrown; undefined where a logger that looks at it would fail: then the process could end in a listener. */
function loggable(thrown: unknown): unknown {
  let at = thrown
  try {
    for (let count = 0; count < MOST_CAUSES; count++) {
      if (typeof at !== 'object' || at === null) return thrown
      if (types.isProxy(at)) return undefined
      for (const name of ['name', 'message', 'stack', 'code', 'statusCode', 'headers']) Reflect.get(at, name)
      at = Reflect.get(at, 'cause')
    }
  } catch {
    // A getter that throws.
  }
  return undefined
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

/** Checks what `atHand` returned: exactly the bytes that were asked for, or undefined. */
export function checkedAtHand(given: unknown, length: number): Uint8Array | undefined {
  if (given === undefined) return undefined
  const bytes = checkedBytes(given)
  if (bytes.length !== length) throw new SendRangeError('ERR_RANGE_LENGTH', 'The source gave another length')
  return bytes
}
