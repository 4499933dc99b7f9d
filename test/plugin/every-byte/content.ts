import { pattern } from '../../bench/pattern.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** Makes the files differ: no two of them have the same bytes at the same offset. */
const SHIFT = 40_009

const THRESHOLDS = [4 * KIB, 16 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, MIB, 4 * MIB]

/** The size of each file in bytes; a file is named by its index. */
export const SIZES: readonly number[] = [1, ...THRESHOLDS.flatMap((size) => [size - 1, size, size + 1])]

/** The bytes of a file from an offset on, as a run of views of one pattern: nothing is copied. */
export function* contentOf(file: number, from: number, length: number): Generator<Buffer> {
  let at = (from + file * SHIFT) % pattern.length
  let left = length
  while (left > 0) {
    const view = pattern.subarray(at, Math.min(at + left, pattern.length))
    yield view
    left -= view.length
    at = 0
  }
}

/** Whether bytes are those of a file from an offset on. */
export function isContent(bytes: Buffer, file: number, from: number): boolean {
  let at = 0
  for (const view of contentOf(file, from, bytes.length)) {
    if (!view.equals(bytes.subarray(at, at + view.length))) return false
    at += view.length
  }
  return true
}
