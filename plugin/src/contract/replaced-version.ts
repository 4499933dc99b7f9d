import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { isChange } from '../errors.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { isPositional, type RangeSource, type Representation } from '../sources/source.ts'
import { type ContractSubject, openSubject } from './contract-subject.ts'
import { assertCached, offer, readRange, sameBytes } from './read-range.ts'

const NEVER = new AbortController().signal
/** Small enough for every cache. */
const CACHED: ByteRange = { first: 0, last: 99 }
/** A source may lock what it reads: then a replacement waits for the end of the read. In ms. */
const LOCKED_MS = 1000

/** One version is replaced after a half of it was read. */
export async function neverMixedBetweenReads(source: RangeSource, subject: ContractSubject): Promise<void> {
  const { content, replace } = subject
  if (replace === undefined) return
  const other = otherThan(content)
  const middle = content.length >> 1
  const opened = await openSubject(source, subject)
  try {
    const start = await readRange(opened, { first: 0, last: middle - 1 })
    sameBytes(start, content.subarray(0, middle), 'the first half')
    await offer(opened, CACHED, content)
    await replace(other)
    const second = await bytesUnlessNoticed(opened, () =>
      readRange(opened, { first: middle, last: content.length - 1 }),
    )
    if (second !== undefined)
      sameBytes(second, content.subarray(middle), 'the second half of a replaced version')
    const next = await openSubject(source, subject)
    assertCached(next, CACHED, other)
    sameBytes(await readRange(next, { first: 0, last: content.length - 1 }), other, 'the next version')
    assert.ok(next.etag === undefined || next.etag !== opened.etag, 'two versions have the same entity-tag')
    await next.close()
  } finally {
    await opened.close()
    await replace(content)
  }
}

/** One version is replaced between two chunks of one read. A read at a position has no such place. */
export async function neverMixedWithinRead(source: RangeSource, subject: ContractSubject): Promise<void> {
  const { content, replace } = subject
  if (replace === undefined) return
  const opened = await openSubject(source, subject)
  let replaced: Promise<void> | undefined
  const replaceOnce = async (): Promise<void> => {
    if (replaced !== undefined) return
    replaced = (async () => replace(otherThan(content)))()
    await Promise.race([replaced, sleep(LOCKED_MS, undefined, { ref: false })])
  }
  try {
    const bytes = await bytesUnlessNoticed(opened, () => readSlowly(opened, content.length, replaceOnce))
    if (bytes !== undefined) sameBytes(bytes, content, 'a version that is replaced after its first chunk')
  } finally {
    await opened.close()
    await replaced
    await replace(content)
  }
}

async function readSlowly(
  opened: Representation,
  size: number,
  afterChunk: () => Promise<void>,
): Promise<Buffer> {
  const range = { first: 0, last: size - 1 }
  if (isPositional(opened)) return readRange(opened, range)
  const chunks: Buffer[] = []
  for await (const chunk of opened.read(range, NEVER)) {
    chunks.push(Buffer.from(chunk))
    await afterChunk()
  }
  return Buffer.concat(chunks)
}

/** Undefined if the source noticed that its version is gone. */
async function bytesUnlessNoticed(
  opened: Representation,
  read: () => Promise<Buffer>,
): Promise<Buffer | undefined> {
  try {
    const bytes = await read()
    return opened.unchanged !== undefined && !(await opened.unchanged(NEVER)) ? undefined : bytes
  } catch (error) {
    assert.ok(isChange(error), `a version that is gone must fail with ERR_RANGE_CHANGED, not with ${error}`)
    return undefined
  }
}

/** As long, with another byte at each place. */
function otherThan(content: Uint8Array): Uint8Array {
  return content.map((byte) => byte ^ 0xff)
}
