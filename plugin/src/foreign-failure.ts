import { types } from 'node:util'
import { isChange, representationChanged, SendRangeError } from './errors.ts'

/** A chain of causes that is longer than this counts as endless. */
const MAX_CAUSES = 100

/**
 * An Error for what was thrown. JavaScript can throw any value. Fastify would send a string as an answer, a stream
 * takes null for success, and pino fails on a frozen Error, because it marks errors.
 */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown
  return new SendRangeError('ERR_RANGE_SOURCE', 'The answer failed without an Error', {
    cause: loggable(thrown),
  })
}

/**
 * The failure of a function of the application. Its message may have paths of the server, so it becomes the cause, for
 * the log. A SendRangeError is returned as it is: its message is safe to send. A source may also say by the code of any
 * Error that the representation has changed.
 *
 * @param what the subject of the message, as in "The contentType function"
 */
export function foreignFailure(
  code: 'ERR_RANGE_SOURCE' | 'ERR_RANGE_OPTION',
  what: string,
  thrown: unknown,
): SendRangeError {
  if (isError(thrown)) {
    if (thrown instanceof SendRangeError) return thrown
    if (code === 'ERR_RANGE_SOURCE' && isChange(thrown)) return representationChanged(thrown)
  }
  return new SendRangeError(code, `${what} failed`, { cause: loggable(thrown) })
}

/** Whether it is an Error that Fastify and a logger can take as it is. */
export function isError(thrown: unknown): thrown is Error {
  if (loggable(thrown) === undefined) return false
  return (thrown instanceof Error || types.isNativeError(thrown)) && Object.isExtensible(thrown)
}

/** What was thrown; undefined if a logger would throw when it reads it, which could end the process in a listener. */
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
