const LINE_BYTES = 10

/**
 * Bytes that say where they are: lines of ten bytes, each the offset it starts at, so that a wrong slice shows what
 * it was instead.
 */
export function numberedLines(size: number): Buffer {
  const lines = Array.from(
    { length: Math.ceil(size / LINE_BYTES) },
    (_, index) => `${String(index * LINE_BYTES).padStart(LINE_BYTES - 1, '0')}\n`,
  )
  return Buffer.from(lines.join('')).subarray(0, size)
}
