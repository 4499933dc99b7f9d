import assert from 'node:assert/strict'
import { types } from 'node:util'
import type { ByteRange } from '../rules/range-set.ts'
import { isPositional, type Representation } from '../sources/source.ts'

const NEVER = new AbortController().signal

/** Reads a range as the plugin does, and checks what a representation promises for it. */
export async function readRange(
  representation: Representation,
  range: ByteRange,
  signal: AbortSignal = NEVER,
): Promise<Buffer> {
  const length = range.last - range.first + 1
  if (isPositional(representation)) {
    const target = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const count = await representation.readAt(target.subarray(at), range.first + at, signal)
      assert.ok(Number.isInteger(count) && count > 0, `readAt returned ${count} before the end`)
      assert.ok(count <= length - at, `readAt returned ${count} for ${length - at} bytes`)
      at += count
    }
    return Buffer.from(target.buffer)
  }
  const chunks: Buffer[] = []
  for await (const chunk of representation.read(range, signal)) {
    // A test runner may give the tests a realm of their own: then it is no instance of the class here.
    assert.ok(types.isUint8Array(chunk), 'a chunk of read is not a Uint8Array')
    // A source may use the memory of a chunk again.
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** Compares bytes without printing megabytes of them. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: the number of bytes`)
  if (Buffer.compare(actual, expected) === 0) return
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  assert.fail(`${what}: another byte at ${at}`)
}

/** Ranges of a content at which sources go wrong: the ends, borders of blocks, all of it. */
export function rangesOf(size: number): readonly ByteRange[] {
  const block = 65_536
  const ranges = [
    { first: 0, last: 0 },
    { first: size - 1, last: size - 1 },
    { first: 0, last: size - 1 },
    { first: 1, last: size - 2 },
    { first: Math.floor(size / 3), last: Math.floor(size / 2) },
    { first: block - 1, last: block },
    { first: block, last: 3 * block - 1 },
  ]
  return ranges.filter(({ last }) => last < size)
}
