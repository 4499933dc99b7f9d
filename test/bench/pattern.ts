/** A prime just below 1 MiB, so that the content does not repeat at a multiple of a block size. */
const PERIOD = 1_048_573

/** Noise that is the same in every process, so that the byte at a position is known without reading the file. */
export const pattern: Buffer = makePattern()

function makePattern(): Buffer {
  const bytes = Buffer.allocUnsafe(PERIOD)
  const next = randomNumbers(1)
  for (let at = 0; at < PERIOD; at++) bytes[at] = next() * 256
  return bytes
}

/** The byte at a position of every test file. */
export function byteAt(position: number): number {
  return pattern[position % PERIOD] ?? 0
}

/** Numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed (a xorshift generator). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
