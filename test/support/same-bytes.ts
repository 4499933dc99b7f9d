// The assertion that two values have the same bytes. When it fails, it shows where they differ.
import type { Test } from 'tap'

/** How many bytes are shown before the first difference, and from it on. */
const BYTES_BEFORE = 8
const BYTES_AFTER = 16

type Bytes = Uint8Array | null | undefined

/** One assertion, as `t.ok(actual.equals(expected), message)` is. No diff is made, so large files are no problem. */
export function sameBytes(t: Test, actual: Bytes, expected: Uint8Array, message?: string): boolean {
  // The message of a download without an error is empty.
  const name = message || 'the bytes are equal'
  // Tap then reports the line of the caller.
  t.currentAssert = sameBytes
  if (actual && Buffer.compare(actual, expected) === 0) return t.pass(name)
  const offset = firstDifference(actual ?? new Uint8Array(), expected)
  return t.fail(name, {
    firstDifference: `at offset ${offset}`,
    expected: excerpt(expected, offset),
    actual: actual ? excerpt(actual, offset) : `${actual}, not bytes`,
  })
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length)
  let offset = 0
  while (offset < end && a[offset] === b[offset]) offset++
  return offset
}

/** The length, and the bytes around the offset: `9 bytes, from 0: 61 62 0a |ab.|`. The offset is marked by `>`. */
function excerpt(bytes: Uint8Array, offset: number): string {
  const start = Math.max(0, offset - BYTES_BEFORE)
  const shown = Buffer.from(bytes.subarray(start, offset + BYTES_AFTER))
  const hex = [...shown].map((byte) => byte.toString(16).padStart(2, '0'))
  hex.splice(offset - start, 0, '>')
  const text = shown.toString('latin1').replace(/[^ -~]/g, '.')
  return `${bytes.length} bytes, from ${start}: ${hex.join(' ')} |${text}|`
}
