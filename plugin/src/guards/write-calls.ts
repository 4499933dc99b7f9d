import { replaceMethodTemporarily } from '../connection/replace-function.ts'
import type { RawResponse } from '../connection/response-lifetime.ts'

/** `write` or `end` of a response. */
export type Write = (...given: unknown[]) => unknown
/** What they are called with: a chunk, its encoding and a callback, each of which may be left out. */
export type WriteArguments = readonly unknown[]
/** Called in the place of one of them, with the method that was there before. */
export type WriteInterceptor = (original: Write, given: WriteArguments) => unknown

/**
 * Intercepts the calls of `write` and `end` of a response. A call that Node or a wrapper below makes during an
 * intercepted one writes the same bytes, and is not intercepted.
 *
 * @returns a function that puts the methods back
 */
export function interceptWrites(
  raw: RawResponse,
  interceptors: { readonly write: WriteInterceptor; readonly end: WriteInterceptor },
): () => void {
  let isInside = false
  const intercept = (method: 'write' | 'end'): (() => void) => {
    const original = raw[method] as Write
    const interceptor = interceptors[method]
    const replacement: Write = (...given) => {
      if (isInside) return Reflect.apply(original, raw, given)
      isInside = true
      try {
        return interceptor(original, given)
      } finally {
        isInside = false
      }
    }
    return replaceMethodTemporarily(raw, method, replacement)
  }
  const restoreWrite = intercept('write')
  const restoreEnd = intercept('end')
  return () => {
    restoreWrite()
    restoreEnd()
  }
}

/**
 * Has the rejection of an async wrapper go to a function: nobody waits for what `write` and `end` return.
 *
 * @returns what the wrapper has returned
 */
export function passRejection(returned: unknown, fail: (thrown: unknown) => void): unknown {
  if (returned instanceof Promise) returned.then(undefined, fail)
  return returned
}

/** The bytes of a call. */
export function bytesOf([chunk, encoding]: WriteArguments): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk !== 'string') return Buffer.alloc(0)
  return Buffer.from(chunk, encodingOf(encoding))
}

/** How many they are. */
export function byteLength([chunk, encoding]: WriteArguments): number {
  if (chunk instanceof Uint8Array) return chunk.length
  if (typeof chunk !== 'string') return 0
  return Buffer.byteLength(chunk, encodingOf(encoding))
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
}

/** The arguments of a call with other bytes, and the same callback. */
export function withBytes(bytes: Uint8Array, given: WriteArguments): WriteArguments {
  return [bytes, ...given.filter((each) => typeof each === 'function')]
}
