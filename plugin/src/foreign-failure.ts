import { types } from 'node:util'
import { SendRangeError } from './errors.ts'

/** Errors under errors, after which a chain of causes counts as endless. */
const MAX_CAUSES = 100

/**
 * What was thrown as an Error that can be handed on. JavaScript allows any value; Fastify would send a string as an
 * answer, a stream takes null for no error, and pino fails on an Error that it cannot mark as seen (a frozen one).
 */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown
  return new SendRangeError('ERR_RANGE_SOURCE', 'The answer failed without an Error', {
    cause: loggable(thrown),
  })
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

/** Whether it is an Error that Fastify and a logger can take as it is. */
export function isError(thrown: unknown): thrown is Error {
  if (loggable(thrown) === undefined) return false
  return (thrown instanceof Error || types.isNativeError(thrown)) && Object.isExtensible(thrown)
}

/** What was thrown; undefined where a logger that looks at it would fail: then the process could end in a listener. */
function loggable(thrown: unknown): unknown {
  let at = thrown
  try {
    for (let count = 0; count < MAX_CAUSES; count++) {
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
