// Who fetches what: the intervals lent to connections, and the next one to lend.
import type { Store } from '../disk/store.ts'
import { gaps } from '../state/blocks.ts'
import { largestRemainder, nextSegment, type OpenSegment } from '../state/segments.ts'
import { ActiveLease, probeOf } from './lease.ts'

/** How much is lent, to how many. */
export interface SchedulePolicy {
  readonly connections: number
  /** Bytes in a segment; null: chosen. */
  readonly segmentSize: number | null
}

/** What of one version of a file is lent to which connection. */
export class Schedule {
  #mode: 'ranges' | 'whole'
  #total: number | null
  #limit: number
  /** No segment larger than this, in bytes. */
  #largest = Number.POSITIVE_INFINITY
  #isConfirmed = false
  readonly #policy: SchedulePolicy
  readonly #store: Store
  readonly #leases = new Set<ActiveLease>()
  /** Bytes that an earlier run had received. */
  readonly #atStart: number

  constructor(store: Store, policy: SchedulePolicy, mode: 'ranges' | 'whole') {
    this.#policy = policy
    this.#store = store
    this.#atStart = store.received
    this.#mode = mode
    this.#limit = policy.connections
    this.#total = store.joinable?.total ?? null
  }

  /** `'whole'`: one stream, no ranges. */
  get mode(): 'ranges' | 'whole' {
    return this.#mode
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#total
  }

  /** Connections at once; fewer after the host has refused some. */
  get limit(): number {
    return this.#limit
  }

  /** Has an answer of this run shown that the bytes held are of the version that the server has? */
  get isConfirmed(): boolean {
    return this.#isConfirmed
  }

  /** What is lent. */
  get leases(): ReadonlySet<ActiveLease> {
    return this.#leases
  }

  /** Is every byte there? */
  get isComplete(): boolean {
    return this.#isConfirmed && this.#total !== null && gaps(this.#store.blocks, this.#total).length === 0
  }

  /** Lends what is to be fetched next, or null where there is nothing for a further connection. */
  lend(): ActiveLease | null {
    const lease = this.#next()
    if (lease !== null) this.#leases.add(lease)
    return lease
  }

  /**
   * Takes a lease back: nothing more will be written for it. Where it has failed, what was taken for it from a body that
   * is still received comes from there again.
   */
  giveBack(lease: ActiveLease): void {
    this.#leases.delete(lease)
    lease.finish()
    if (lease.controller.signal.aborted) return
    for (const other of this.#leases) {
      const { bodyEnd, position, end, controller } = other
      if (bodyEnd === null || end !== lease.start || position >= end || controller.signal.aborted) continue
      const starts = [...this.#store.blocks, ...this.#leases].map(({ start }) => start)
      other.end = Math.min(bodyEnd, ...starts.filter((start) => start >= end))
    }
  }

  /** What is lent from now on is the whole file, as one stream. What is lent already goes on. */
  startWhole(): void {
    this.#mode = 'whole'
  }

  /** The file has `total` bytes. */
  learnTotal(total: number | null): void {
    this.#total = total
  }

  /** See {@link isConfirmed}. */
  confirmVersion(): void {
    this.#isConfirmed = true
  }

  /** No more than `count` connections at once. */
  limitConnections(count: number): void {
    this.#limit = count
  }

  /** No segment larger than `bytes` from now on. Returns whether larger ones were allowed until now. */
  limitSegments(bytes: number): boolean {
    const isNew = this.#largest > bytes
    if (isNew) this.#largest = bytes
    return isNew
  }

  /** From now on one stream: the others give up, and have done so when this resolves. */
  async becomeOnlyOne(lease: ActiveLease): Promise<void> {
    this.startWhole()
    const others = [...this.#leases].filter((other) => other !== lease)
    for (const other of others) other.controller.abort()
    await Promise.all(others.map((other) => other.done))
  }

  /** Gives up all that is being received. */
  giveUpAll(): void {
    for (const lease of this.#leases) lease.controller.abort()
  }

  /**
   * Gives up the ranges of which `least` bytes or more are missing. A stream that could not be asked for again
   * goes on.
   */
  giveUpRests(least: number): void {
    if (this.#mode === 'whole') return
    for (const lease of this.#leases) if (lease.end - lease.position >= least) lease.controller.abort()
  }

  /** Has the host refused connections beside others? */
  get isLimited(): boolean {
    return this.#limit < this.#policy.connections
  }

  /** Is there another connection than that of `lease` with an answer whose body it receives? */
  isReceivingBeside(lease: ActiveLease): boolean {
    return [...this.#leases].some((other) => other !== lease && other.answeredAt !== null)
  }

  /**
   * Gives up one connection of several, and allows no more than the others from now on. False where there is only one.
   */
  giveUpOne(): boolean {
    const working = [...this.#leases].filter((lease) => !lease.controller.signal.aborted)
    const spare = working.findLast((lease) => lease.answeredAt === null) ?? working.at(-1)
    if (working.length < 2 || spare === undefined) return false
    this.limitConnections(working.length - 1)
    spare.controller.abort()
    return true
  }

  /**
   * The answer for `lease` is here. Only now does it take its bytes from the connection that it shares with: one that is
   * refused takes nothing, and a link that works only once is read to its end. False where that connection has come as far
   * meanwhile. `bodyEnd`: see {@link ActiveLease.bodyEnd}.
   */
  confirm(lease: ActiveLease, bodyEnd: number): boolean {
    lease.end = Math.min(lease.end, this.#total ?? lease.end)
    lease.bodyEnd = Math.min(lease.end, bodyEnd)
    lease.answeredAt = performance.now()
    for (const other of this.#leases) {
      if (other === lease || other.start >= lease.end || other.end <= lease.start) continue
      if (other.position > lease.start) return false
      if (other.start < lease.start) other.end = Math.min(other.end, lease.start)
    }
    return true
  }

  /** The answer for `lease` is the whole file: its body begins at the first byte. */
  confirmWhole(lease: ActiveLease, total: number | null): void {
    lease.answeredAt = performance.now()
    lease.position = 0
    lease.end = total ?? Number.POSITIVE_INFINITY
  }

  #next(): ActiveLease | null {
    const isFirst = this.#mode === 'whole' || this.#total === null
    const isAlone = isFirst || this.#store.joinable === null
    if ((isAlone && this.#leases.size > 0) || this.isComplete) return null
    if (this.#mode === 'whole') return new ActiveLease('whole', { start: 0, end: Number.POSITIVE_INFINITY })
    if (this.#total === null) return new ActiveLease('segment', { start: 0, end: this.#firstLength() })
    const free = gaps([...this.#store.blocks, ...this.#leases], this.#total)
    // What is left as one stream: the link may work only once. Others join when it has shown that it can be resumed.
    const isOpen = !this.#isConfirmed && this.#policy.segmentSize === null
    const left = this.#total - this.#atStart
    const share = isOpen ? left : Math.ceil(left / this.#limit)
    const next = nextSegment(free, { ...this.#policy, share, limit: this.#largest })
    if (next !== null) return new ActiveLease('segment', next)
    return this.#leases.size === 0 ? probeOf(this.#total) : this.#half()
  }

  #firstLength(): number {
    return Math.min(this.#policy.segmentSize ?? Number.POSITIVE_INFINITY, this.#largest)
  }

  /** The second half of the largest remainder. It is taken from there when its answer has come: see {@link confirm}. */
  #half(): ActiveLease | null {
    const shared = [...this.#leases]
      .filter((lease) => lease.isWorthSharing)
      .map((lease) => this.#restOf(lease))
    const split = largestRemainder(shared)
    return split === null ? null : new ActiveLease('segment', { start: split.at, end: split.segment.end })
  }

  /** What nobody else has asked for. */
  #restOf({ start, position, end }: ActiveLease): OpenSegment {
    const asked = [...this.#leases].map((other) => other.start).filter((other) => other > start)
    return { start, position, end: Math.min(end, ...asked) }
  }
}
