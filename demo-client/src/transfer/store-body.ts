// The body of an accepted answer into the store: the bytes wanted, no byte more, proven before they count.
import type { BlockWriter } from '../disk/block-writer.ts'
import type { Store } from '../disk/store.ts'
import type { Answer, BodyEnd, Demand } from '../http/answer.ts'
import type { ActiveLease } from '../schedule/lease.ts'
import { type Interval, MAX_BLOCK_BYTES } from '../state/blocks.ts'
import type { PartProof } from './part-proof.ts'

/** What the bodies of a download share. */
export interface StoreBodyContext {
  readonly store: Store
  readonly stallTimeout: number
  /** Is there a limit to the rate? Then many bytes at once would make it a rate in jumps. */
  readonly isPaced: boolean
  /** Told of every byte that counts; returns what the connection has to wait for, if anything. */
  readonly onBytes: (bytes: number) => Promise<void> | null
}

/** How the body of an answer ended. `'short'`: the body ended as if complete, before its announced end. */
export type StoredEnding = BodyEnd | { readonly kind: 'short' } | { readonly kind: 'digest-mismatch' }

/** Writes consecutive bytes in blocks of limited length. */
class BlockChain {
  readonly #store: Store
  #writer: BlockWriter
  #position: number
  #ended: Promise<void>[] = []

  constructor(store: Store, start: number) {
    this.#store = store
    this.#writer = store.write(start)
    this.#position = start
  }

  /** Keeps what is written out of the journal until the end. */
  get writer(): BlockWriter {
    return this.#writer
  }

  /** See {@link BlockWriter.reserve}. */
  room(): Buffer {
    return this.#writer.reserve()
  }

  push(chunk: Buffer): Promise<void> | null {
    if (!this.#store.unproven.has(this.#writer) && this.#writer.length >= MAX_BLOCK_BYTES)
      this.moveTo(this.#position)
    this.#position += chunk.length
    return this.#writer.push(chunk)
  }

  moveTo(position: number): void {
    const ended = this.#store.end(this.#writer, 'keep')
    ended.catch(() => undefined) // thrown by end()
    this.#ended.push(ended)
    this.#writer = this.#store.write(position)
    this.#position = position
  }

  async end(fate: 'keep' | 'drop'): Promise<void> {
    await Promise.all([...this.#ended, this.#store.end(this.#writer, fate)])
  }
}

/** Takes the body of a 206 that answers `lease` with `part`. */
export async function storePart(
  context: StoreBodyContext,
  lease: ActiveLease,
  { answer, part, proof }: { answer: Answer; part: Interval; proof: PartProof | null },
): Promise<StoredEnding> {
  const chain = new BlockChain(context.store, part.start)
  if (proof?.isExpected) {
    context.store.unproven.add(chain.writer)
    lease.isIndivisible = true
  }
  const receive = (chunk: Buffer): Demand => {
    const room = Math.min(lease.end, part.end) - lease.position
    const bytes = chunk.length > room ? chunk.subarray(0, room) : chunk
    proof?.update(bytes)
    lease.advance(bytes.length)
    const wait = both(chain.push(bytes), context.onBytes(bytes.length))
    // The lease was split meanwhile: the rest belongs to another connection.
    if (lease.position >= lease.end && lease.end < part.end) return 'enough'
    if (chunk.length > room) return 'too-much'
    return wait ?? 'more'
  }
  const ending = await answer.receive(
    { nextBuffer: context.isPaced ? null : () => chain.room(), receive },
    context.stallTimeout,
  )
  const judged = judgeEnding(ending, lease.position < Math.min(lease.end, part.end))
  const isWrong = judged.kind === 'complete' && proof !== null && !proof.holds()
  const isUnproven = judged.kind !== 'complete' && proof?.isExpected === true
  await chain.end(isWrong || isUnproven || judged.kind === 'too-much' ? 'drop' : 'keep')
  return isWrong ? { kind: 'digest-mismatch' } : judged
}

/**
 * Takes the body of a 200, of which only `missing` (sorted; the last may be endless) is written. `total` is
 * the size of the file, if known.
 */
export async function storeWhole(
  context: StoreBodyContext,
  lease: ActiveLease,
  { answer, missing, total }: { answer: Answer; missing: readonly Interval[]; total: number | null },
): Promise<StoredEnding> {
  const chain = new BlockChain(context.store, missing[0]?.start ?? 0)
  const rest = [...missing]
  const last = missing.at(-1)?.end ?? 0
  const isToTheEnd = total === null || last === total
  const receive = (chunk: Buffer): Demand => {
    const from = lease.position
    let wait: Promise<void> | null = null
    let useful = 0
    while (rest[0] !== undefined && rest[0].start < from + chunk.length) {
      const { start, end } = rest[0]
      const bytes = chunk.subarray(Math.max(0, start - from), Math.min(chunk.length, end - from))
      if (start >= from && start !== missing[0]?.start) chain.moveTo(start)
      wait = both(wait, chain.push(bytes))
      useful += bytes.length
      if (end > from + chunk.length) break
      rest.shift()
    }
    lease.advance(chunk.length, useful)
    wait = both(wait, context.onBytes(useful))
    if (isToTheEnd && lease.position > last) return 'too-much'
    if (!isToTheEnd && lease.position >= last) return 'enough'
    return wait ?? 'more'
  }
  const ending = await answer.receive(
    { nextBuffer: context.isPaced ? null : () => chain.room(), receive },
    context.stallTimeout,
  )
  const judged = judgeEnding(ending, Number.isFinite(last) && lease.position < last)
  await chain.end('keep')
  return judged
}

function judgeEnding(ending: BodyEnd, isShort: boolean): StoredEnding {
  return ending.kind === 'complete' && isShort ? { kind: 'short' } : ending
}

function both(a: Promise<void> | null, b: Promise<void> | null): Promise<void> | null {
  if (a === null || b === null) return a ?? b
  return Promise.all([a, b]).then(() => undefined)
}
