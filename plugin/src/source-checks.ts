import { types } from 'node:util'
import { SendRangeError } from './errors.ts'
import type { Representation, StreamedRepresentation } from './source.ts'

/** Empty chunks in a row after which a source counts as broken. */
export const MOST_EMPTY_CHUNKS: number = 1000

function invalid(message: string, cause?: unknown): SendRangeError {
  return new SendRangeError('ERR_RANGE_SOURCE', message, { cause })
}

/**
 * What a source threw or rejected with, as an Error. JavaScript allows any value; Fastify would send a string as an
 * answer, a stream takes null for no error, and pino fails on an Error that it cannot mark as seen (a frozen one).
 */
export function asError(thrown: unknown): Error {
  const isError = thrown instanceof Error || types.isNativeError(thrown)
  if (isError && Object.isExtensible(thrown)) return thrown
  return invalid(isError ? 'The source failed' : 'The source failed without an Error', thrown)
}

/** Methods that a representation may leave out; `read` and `readAt`, one of the two. */
const OPTIONAL_METHODS = ['read', 'readAt', 'unchanged', 'atHand', 'keepAtHand'] as const

/**
 * Checks what `open` returned.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE`
 */
export function checkedRepresentation(opened: unknown): Representation | undefined {
  if (opened === undefined) return undefined
  if (typeof opened !== 'object' || opened === null) throw invalid('The source opened no representation')
  const given = opened as Record<string, unknown>
  const methods = OPTIONAL_METHODS.filter((name) => given[name] !== undefined)
  for (const name of methods) {
    if (typeof given[name] !== 'function') throw invalid(`The ${name} of a representation must be a function`)
  }
  if (!methods.includes('read') && !methods.includes('readAt'))
    throw invalid('A representation must have read or readAt')
  const { close } = given
  if (typeof close !== 'function') throw invalid('A representation must have close')
  return opened as Representation
}

/**
 * Bytes that a source gave, in memory that stays as it is. Shared memory is copied, since another thread may write to
 * it, and so is memory that can be resized.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE` for anything that is not a Uint8Array: it has another length in bytes
 */
export function checkedBytes(given: unknown): Uint8Array {
  if (!(given instanceof Uint8Array)) throw invalid('The source gave no bytes')
  const { buffer } = given
  const mayChange = types.isSharedArrayBuffer(buffer) || Reflect.get(buffer, 'resizable') === true
  return mayChange ? Uint8Array.from(given) : given
}

/** Checks what `atHand` returned: exactly the bytes that were asked for, or undefined. */
export function checkedAtHand(given: unknown, length: number): Uint8Array | undefined {
  if (given === undefined) return undefined
  const bytes = checkedBytes(given)
  if (bytes.length !== length) throw new SendRangeError('ERR_RANGE_LENGTH', 'The source gave another length')
  return bytes
}

/** The iterator of what `read` returned. */
export function checkedIterator(
  chunks: ReturnType<StreamedRepresentation['read']>,
): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  const given: unknown = chunks
  // A string can be iterated over, but gives no bytes.
  if (typeof given === 'object' && given !== null) {
    if (Symbol.asyncIterator in chunks) return chunks[Symbol.asyncIterator]()
    if (Symbol.iterator in chunks) return (chunks as Iterable<Uint8Array>)[Symbol.iterator]()
  }
  throw invalid('The source gave nothing to iterate over')
}

/** Checks what an iterator returned. */
export function checkedResult(given: unknown): IteratorResult<unknown> {
  if (typeof given !== 'object' || given === null) throw invalid('The iterator of the source gave no result')
  return given as IteratorResult<unknown>
}
