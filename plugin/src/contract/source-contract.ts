import assert from 'node:assert/strict'
import { parseEntityTag } from '../rules/entity-tag.ts'
import type { Wanted } from '../rules/wanted.ts'
import { representationFields } from '../sources/representation-fields.ts'
import type { RangeSource } from '../sources/source.ts'
import { leavingClientsLeaveNothingOpen } from './clients-that-leave.ts'
import { type ContractSubject, openSubject } from './contract-subject.ts'
import { assertCached, assertKept, offer, rangesOf, readRange, sameBytes } from './read-range.ts'
import { neverMixedBetweenReads, neverMixedWithinRead } from './replaced-version.ts'
import { answersAreRight } from './served-answers.ts'

/** One case of the contract, for any test runner: `test(name, run)`. */
export interface ContractCase {
  /** What must hold. */
  readonly name: string
  /** Rejects with an AssertionError if the source breaks the contract. */
  run(): Promise<void>
}

type Check = (source: RangeSource, subject: ContractSubject) => Promise<void>

/** In ms. The test runner of Node has no limit, and gives up all tests if nothing else keeps its process alive. */
const LIMIT_MS = 60_000

const NEVER = new AbortController().signal

/** The plugin offers no more for a cache, in bytes. */
const MAX_OFFERED = 64 * 1024

/** Parts of one answer that a source may fetch together: side by side, near, and in another order. */
const PARTS = [
  { first: 0, last: 9 },
  { first: 10, last: 19 },
  { first: 25, last: 99 },
  { first: 5, last: 50 },
  { first: 200, last: 999 },
]

/**
 * The cases that every source is held to, for any test runner: give each to yours. With `replace`, run them one after the
 * other. A case that has not settled after a minute fails, if the runner has no lower limit.
 *
 * @example
 * for (const { name, run } of sourceContract({ source: () => mySource, path: 'a.bin', content })) test(name, run)
 */
export function sourceContract(subject: ContractSubject): readonly ContractCase[] {
  assert.ok(subject.content.length >= 1000, 'the content of a contract must have 1000 bytes or more')
  return Object.entries(CHECKS).map(([name, check]) => ({
    name,
    async run() {
      const source = await subject.source()
      try {
        await settled(check(source, subject))
      } finally {
        await subject.dispose?.(source)
      }
    },
  }))
}

async function settled(checking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    const message = `a method of the source has not settled after ${LIMIT_MS} ms`
    timer = setTimeout(() => reject(new assert.AssertionError({ message })), LIMIT_MS)
  })
  try {
    await Promise.race([checking, limit])
  } finally {
    clearTimeout(timer)
  }
}

const CHECKS: Readonly<Record<string, Check>> = {
  'the description of a representation can be sent': async (source, subject) => {
    const opened = await openSubject(source, subject)
    assert.equal(opened.size, subject.content.length, 'the size')
    const { etag, lastModified } = opened
    assert.ok(etag === undefined || parseEntityTag(etag) !== undefined, `not an entity-tag: ${etag}`)
    assert.ok(lastModified === undefined || !Number.isNaN(lastModified.getTime()), 'an invalid lastModified')
    assert.doesNotThrow(() => representationFields(opened))
    await opened.close()
  },
  'the description is the same the next time': async (source, subject) => {
    const described = []
    for (let count = 0; count < 2; count++) {
      const opened = await openSubject(source, subject)
      const { size, etag, lastModified, contentType, contentEncoding, acceptRanges } = opened
      described.push({
        size,
        etag,
        lastModified: lastModified?.getTime(),
        contentType,
        contentEncoding,
        acceptRanges,
      })
      await opened.close()
    }
    assert.deepEqual(described[1], described[0])
  },
  'every range has the right bytes, one after the other': async (source, subject) => {
    const { content } = subject
    const opened = await openSubject(source, subject)
    for (const range of rangesOf(content.length)) {
      const name = `${range.first}-${range.last}`
      sameBytes(await readRange(opened, range), content.subarray(range.first, range.last + 1), name)
    }
    if (opened.unchanged !== undefined) assert.equal(await opened.unchanged(NEVER), true, 'unchanged')
    await opened.close()
  },
  'the ranges that are read later change no bytes': async (source, subject) => {
    const opened = await openSubject(source, subject)
    for (const [index, range] of PARTS.entries()) {
      const bytes = await readRange(opened, range, { following: PARTS.slice(index + 1) })
      const name = `${range.first}-${range.last}, before others`
      sameBytes(bytes, subject.content.subarray(range.first, range.last + 1), name)
    }
    await opened.close()
  },
  'bytes that were offered for a cache are given for their range only': async (source, subject) => {
    const opened = await openSubject(source, subject)
    const offered = rangesOf(subject.content.length).filter(({ first, last }) => last - first < MAX_OFFERED)
    for (const range of offered) await offer(opened, range, subject.content)
    for (const { first, last } of offered)
      for (const range of [
        { first, last },
        { first, last: last - 1 },
        { first: first + 1, last },
      ])
        if (range.first <= range.last) assertCached(opened, range, subject.content)
    await opened.close()
  },
  'bytes that were given stay as they are': async (source, subject) => {
    const opened = await openSubject(source, subject)
    await assertKept(opened, { first: 0, last: subject.content.length - 1 })
    await opened.close()
  },
  'any range may be read, whatever was wanted': async (source, subject) => {
    const { content } = subject
    for (const wanted of wantedOf(content.length)) {
      for (const range of [
        { first: 5, last: 99 },
        { first: 0, last: content.length - 1 },
      ]) {
        const opened = await openSubject(source, subject, { wanted })
        const expected = content.subarray(range.first, range.last + 1)
        sameBytes(
          await readRange(opened, range),
          expected,
          `wanted ${wanted.kind}, read ${range.first}-${range.last}`,
        )
        await opened.close()
      }
    }
  },
  'representations are independent of each other': async (source, subject) => {
    const { content } = subject
    const all = await Promise.all([0, 1, 2, 3].map(() => openSubject(source, subject)))
    await all[0]?.close()
    const others = all.slice(1)
    const reads = others.map((opened, index) => readRange(opened, { first: index, last: content.length - 1 }))
    for (const [index, bytes] of (await Promise.all(reads)).entries())
      sameBytes(bytes, content.subarray(index), `representation ${index}`)
    for (const opened of others) await opened.close()
  },
  'a read that is aborted settles, and what is open can be closed': async (source, subject) => {
    const controller = new AbortController()
    const opened = await openSubject(source, subject, { signal: controller.signal })
    const range = { first: 0, last: subject.content.length - 1 }
    const reading = readRange(opened, range, { signal: controller.signal })
    controller.abort()
    await reading.catch(() => {})
    await opened.close()
  },
  'an opening that is aborted settles': async (source, { path }) => {
    const controller = new AbortController()
    const opening = (async () => source.open(path, { signal: controller.signal }))()
    controller.abort()
    const opened = await opening.catch(() => undefined)
    await opened?.close()
  },
  'a path that is not there is undefined': async (source, { absent }) => {
    if (absent === undefined) return
    const opened: unknown = await source.open(absent, { signal: NEVER })
    assert.ok(opened === undefined, `open must return undefined for a path that is not there, not ${opened}`)
  },
  'a version that is replaced while it is read is never mixed with the next': neverMixedBetweenReads,
  'a version that is replaced in the middle of a read is never mixed with the next': neverMixedWithinRead,
  'answers have the right status, fields and bytes, and all is closed': answersAreRight,
  'all is closed if clients leave in the middle of their answers': leavingClientsLeaveNothingOpen,
}

function wantedOf(size: number): readonly Wanted[] {
  return [
    { kind: 'head' },
    { kind: 'whole' },
    { kind: 'range', first: 10, last: 19 },
    { kind: 'range', first: size + 5 },
    { kind: 'suffix', length: 7 },
    { kind: 'several' },
  ]
}
