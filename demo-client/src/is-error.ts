import { types } from 'node:util'

/**
 * Whether a value is an Error. Errors of Node's own modules are of another realm than this code if a test runner such
 * as Jest loads it, and then `instanceof Error` is false for them.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}
