declare const own: unique symbol

/**
 * Memory of one answer, and of nothing else in the process. A payload is given to hooks, to wrappers of the response and of
 * the socket, and any of them may change it in place, keep it, or transfer its ArrayBuffer: only such memory leaves the
 * plugin. What serves more than one answer (cached bytes, memory of a source) is copied first.
 */
export type OwnBytes = Buffer & { readonly [own]: true }

/**
 * Fresh memory for one answer, with anything in it: to be filled. Not from Node's own pool, whose ArrayBuffer holds other
 * Buffers too.
 *
 * @param length bytes
 */
export function ownBytes(length: number): OwnBytes {
  return Buffer.allocUnsafeSlow(length) as OwnBytes
}

/** A copy for one answer. */
export function ownCopy(bytes: Uint8Array): OwnBytes {
  const copy = ownBytes(bytes.length)
  // The view may grow meanwhile where another thread has its memory.
  copy.set(bytes.subarray(0, copy.length))
  return copy
}
