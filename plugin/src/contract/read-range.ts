import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import type { ByteRange } from '../rules/range-set.ts'
import { isPositional, type Representation } from '../sources/source.ts'

const NEVER = new AbortController().signal

/** What a read is told beside its range. */
export interface ReadDetails {
  readonly signal?: AbortSignal
  readonly following?: readonly ByteRange[]
}

/** Reads a range as the plugin does, and checks what a representation promises for it. */
export async function readRange(
  representation: Representation,
  range: ByteRange,
  { signal = NEVER, following = [] }: ReadDetails = {},
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
  for await (const chunk of representation.read(range, signal, following)) {
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

/** Offers the bytes of a range for a cache, as the plugin does: after the version was confirmed. */
export async function offer(
  representation: Representation,
  range: ByteRange,
  content: Uint8Array,
): Promise<void> {
  if (!isPositional(representation) || representation.offerToCache === undefined) return
  if (representation.unchanged !== undefined && !(await representation.unchanged(NEVER))) return
  representation.offerToCache(range, content.slice(range.first, range.last + 1))
}

/** Checks what a representation gives from its cache, if anything. */
export function assertCached(representation: Representation, range: ByteRange, content: Uint8Array): void {
  const cached = isPositional(representation) ? representation.cached?.(range) : undefined
  if (cached === undefined) return
  const { first, last } = range
  sameBytes(cached, content.subarray(first, last + 1), `cached ${first}-${last}`)
}

/** How long bytes are looked at after they were given, in ms. */
const LOOK_MS = 10
/** How many chunks of a range are looked at. */
const LOOKS = 3

/**
 * Checks that a source does not write to what it has given: to a chunk before the next one is requested, as the plugin may
 * still be copying it then, and to a target at all.
 */
export async function assertKept(representation: Representation, range: ByteRange): Promise<void> {
  if (isPositional(representation)) {
    const target = new Uint8Array(range.last - range.first + 1)
    const count = await representation.readAt(target, range.first, NEVER)
    return assertSame(target.subarray(0, count), 'a target of readAt was written to after readAt has settled')
  }
  let looks = 0
  for await (const chunk of representation.read(range, NEVER)) {
    if (looks++ === LOOKS) break
    await assertSame(chunk, 'a chunk of read was written to before the next one was requested')
  }
}

async function assertSame(bytes: Uint8Array, message: string): Promise<void> {
  const given = Buffer.from(bytes)
  await sleep(LOOK_MS)
  assert.ok(given.equals(bytes), message)
}

/** Sizes of blocks in which sources have their bytes. */
const BLOCKS = [512, 1000, 4096, 16_384, 65_536]

/** Ranges of a content at which sources go wrong: the ends, borders of blocks, all of it. */
export function rangesOf(size: number): readonly ByteRange[] {
  const borders = BLOCKS.flatMap((block) => [
    { first: block - 1, last: block },
    { first: block, last: Math.min(3 * block, size) - 1 },
  ])
  const ranges = [
    { first: 0, last: 0 },
    { first: size - 1, last: size - 1 },
    { first: 0, last: size - 1 },
    { first: 1, last: size - 2 },
    { first: Math.floor(size / 3), last: Math.floor(size / 2) },
    ...borders,
  ]
  return ranges.filter(({ first, last }) => first <= last && last < size)
}
