// The body of an accepted answer into the store: only the bytes asked for, and verified before they count.
import type { ByteStore, ByteWriter } from '../disk/byte-store.ts'
import type { Answer, BodyEnd, Demand } from '../http/answer.ts'
import type { Assignment } from '../schedule/assignment.ts'
import type { Pace } from '../schedule/pace.ts'
import { type Interval, MAX_BLOCK_BYTES } from '../state/blocks.ts'
import type { PartDigest } from './part-digest.ts'

/** What all bodies of a download share. */
export interface StoreBodyContext {
  readonly store: ByteStore
  readonly pace: Pace
  /** In ms. */
  readonly stallTimeout: number
  /** Called with the number of new bytes of each chunk. */
  readonly onBytes: (bytes: number) => void
}

/** How the body of an answer ended. `'short'`: as if complete, but before its announced end. */
export type StoredEnding = BodyEnd | { readonly kind: 'short' } | { readonly kind: 'digest-mismatch' }

/** Writes consecutive bytes in blocks of limited length. One that is dropped must be the only one. */
class BlockChain {
  readonly #store: ByteStore
  readonly #maxBytes: number
  #writer: ByteWriter
  #position: number
  #ended: Promise<void>[] = []

  constructor(store: ByteStore, start: number, maxBytes: number) {
    this.#store = store
    this.#maxBytes = maxBytes
    this.#writer = store.write(start)
    this.#position = start
  }

  /** The writer of the current block. */
  get writer(): ByteWriter {
    return this.#writer
  }

  /** See {@link ByteWriter.reserve}. */
  reserve(): Buffer {
    return this.#writer.reserve()
  }

  push(chunk: Buffer): Promise<void> | null {
    if (this.#store.isProven(this.#writer) && this.#writer.length >= this.#maxBytes)
      this.moveTo(this.#position)
    this.#position += chunk.length
    return this.#writer.push(chunk)
  }

  moveTo(position: number): void {
    const ended = this.#store.end(this.#writer, 'keep')
    ended.catch(() => undefined) // end() throws it
    this.#ended.push(ended)
    this.#writer = this.#store.write(position)
    this.#position = position
  }

  async end(outcome: 'keep' | 'drop'): Promise<void> {
    await Promise.all([...this.#ended, this.#store.end(this.#writer, outcome)])
  }
}

/** Receives the body of a 206 that answers `assignment` with `part`. */
export async function storePart(
  context: StoreBodyContext,
  assignment: Assignment,
  { answer, part, digest }: { answer: Answer; part: Interval; digest: PartDigest | null },
): Promise<StoredEnding> {
  const { store, pace, onBytes } = context
  // One block of a body whose length is not announced: if it is too long, nothing shows which of its bytes are right.
  const isMeasured = answer.fields.has('content-length')
  const chain = new BlockChain(store, part.start, isMeasured ? MAX_BLOCK_BYTES : Number.POSITIVE_INFINITY)
  if (digest?.isExpected) {
    store.markUnproven(chain.writer)
    assignment.makeIndivisible()
  }
  const receive = (chunk: Buffer): Demand => {
    const wanted = Math.min(assignment.end, part.end) - assignment.position
    const bytes = chunk.length > wanted ? chunk.subarray(0, wanted) : chunk
    digest?.update(bytes)
    assignment.advance(bytes.length)
    const written = chain.push(bytes)
    onBytes(bytes.length)
    const wait = both(written, pace.afterBytes(bytes.length))
    // The assignment was split: the remaining bytes belong to another connection.
    if (assignment.position >= assignment.end && assignment.end < part.end) return 'enough'
    if (chunk.length > wanted) return 'too-much'
    return wait ?? 'more'
  }
  const end = await receiveBody(context, { answer, chain, receive })
  const ending = endingOf(end, assignment.position < Math.min(assignment.end, part.end))
  const isWrong = ending.kind === 'complete' && digest !== null && !digest.matches()
  const isUnproven = ending.kind !== 'complete' && digest?.isExpected === true
  await chain.end(isWrong || isUnproven || ending.kind === 'too-much' ? 'drop' : 'keep')
  return isWrong ? { kind: 'digest-mismatch' } : ending
}

/**
 * Receives the body of a 200 and writes only the bytes in `missing`. That is sorted, and its last interval may be endless.
 * `total` is the size of the file, if known.
 */
export async function storeWhole(
  context: StoreBodyContext,
  assignment: Assignment,
  { answer, missing, total }: { answer: Answer; missing: readonly Interval[]; total: number | null },
): Promise<StoredEnding> {
  const { store, pace, onBytes } = context
  const chain = new BlockChain(store, missing[0]?.start ?? 0, MAX_BLOCK_BYTES)
  const remaining = [...missing]
  const last = missing.at(-1)?.end ?? 0
  const isToTheEnd = total === null || last === total
  const receive = (chunk: Buffer): Demand => {
    const from = assignment.position
    let wait: Promise<void> | null = null
    let newBytes = 0
    while (remaining[0] !== undefined && remaining[0].start < from + chunk.length) {
      const { start, end } = remaining[0]
      const bytes = chunk.subarray(Math.max(0, start - from), Math.min(chunk.length, end - from))
      if (start >= from && start !== missing[0]?.start) chain.moveTo(start)
      wait = both(wait, chain.push(bytes))
      newBytes += bytes.length
      if (end > from + chunk.length) break
      remaining.shift()
    }
    assignment.advance(chunk.length, newBytes)
    onBytes(newBytes)
    wait = both(wait, pace.afterBytes(newBytes))
    if (isToTheEnd && assignment.position > last) return 'too-much'
    if (!isToTheEnd && assignment.position >= last) return 'enough'
    return wait ?? 'more'
  }
  const end = await receiveBody(context, { answer, chain, receive })
  const ending = endingOf(end, Number.isFinite(last) && assignment.position < last)
  await chain.end('keep')
  return ending
}

function receiveBody(
  { pace, stallTimeout }: StoreBodyContext,
  { answer, chain, receive }: { answer: Answer; chain: BlockChain; receive: (chunk: Buffer) => Demand },
): Promise<BodyEnd> {
  const nextBuffer = pace.isLimited ? null : (): Buffer => chain.reserve()
  return answer.receive({ nextBuffer, receive }, stallTimeout)
}

function endingOf(end: BodyEnd, isShort: boolean): StoredEnding {
  return end.kind === 'complete' && isShort ? { kind: 'short' } : end
}

function both(a: Promise<void> | null, b: Promise<void> | null): Promise<void> | null {
  if (a === null || b === null) return a ?? b
  return Promise.all([a, b]).then(() => undefined)
}
