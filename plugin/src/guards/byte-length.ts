/** Bytes of what `write` and `end` are given: a chunk and its encoding, either of which may be left out. */
export function byteLength([chunk, encoding]: readonly unknown[]): number {
  if (chunk instanceof Uint8Array) return chunk.length
  if (typeof chunk !== 'string') return 0
  return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
}
