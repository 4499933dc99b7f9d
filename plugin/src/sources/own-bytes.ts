declare const own: unique symbol

/**
 * Memory that belongs to one answer only. Hooks and wrappers of the response and of the socket receive a payload. Any of
 * them may change it in place, keep it, or transfer its ArrayBuffer, so only such memory leaves the plugin. Memory that
 * serves more than one answer (cached bytes, memory of a source) is copied first.
 */
export type OwnBytes = Buffer & { readonly [own]: true }

/**
 * Fresh memory for one answer. It is not initialised: fill it. It is not from Node's own pool, whose ArrayBuffer contains
 * other Buffers too.
 *
 * @param length bytes
 */
export function ownBytes(length: number): OwnBytes {
  return Buffer.allocUnsafeSlow(length) as OwnBytes
}

/** A copy for one answer. */
export function ownCopy(bytes: Uint8Array): OwnBytes {
  const copy = ownBytes(bytes.length)
  // The view may grow in the meantime if another thread has its memory.
  copy.set(bytes.subarray(0, copy.length))
  return copy
}

/** Bytes that nothing else refers to, for one answer: themselves, or a copy if their memory has more than them. */
export function ownOf(bytes: Buffer): OwnBytes {
  return bytes.length === bytes.buffer.byteLength ? (bytes as OwnBytes) : ownCopy(bytes)
}
