// Who fetches what: the intervals lent to connections, and the next one to lend.
import { ActiveLease, type LeaseKind } from './lease.ts'
import { gaps, type Interval, largestRest, nextSegment, SMALLEST_SEGMENT } from './plan.ts'
import type { Store } from './store.ts'

/** How much is lent, to how many. */
export interface SchedulePolicy {
  readonly connections: number
  /** Bytes in a segment; null: chosen. */
  readonly segmentSize: number | null
}

/** A connection that brought bytes within this time, in ms, shows that the host is there. */
const RECENT = 2000

/** What of one version of a file is lent to which connection. */
export class Schedule {
  /** `'whole'`: one stream, no ranges. */
  mode: 'ranges' | 'whole'
  /** Size of the file in bytes, or null while it is unknown. */
  total: number | null
  /** Connections at once; fewer after the host has refused some. */
  limit: number
  /** No segment larger than this, in bytes. */
  largest: number = Number.POSITIVE_INFINITY
  /** Has an answer of this run shown that the bytes held are of the version that the server has? */
  isConfirmed = false
  readonly #policy: SchedulePolicy
  readonly #store: Store
  readonly #leases = new Set<ActiveLease>()
  /** Bytes that an earlier run had received. */
  readonly #atStart: number

  constructor(store: Store, policy: SchedulePolicy, mode: 'ranges' | 'whole') {
    this.#policy = policy
    this.#store = store
    this.#atStart = store.received
    this.mode = mode
    this.limit = policy.connections
    this.total = store.joinable?.total ?? null
  }

  /** What is lent. */
  get leases(): ReadonlySet<ActiveLease> {
    return this.#leases
  }

  /** Is every byte there? */
  get isComplete(): boolean {
    return this.isConfirmed && this.total !== null && gaps(this.#store.blocks, this.total).length === 0
  }

  /** Lends what is to be fetched next, or null where there is nothing for a further connection. */
  lend(): ActiveLease | null {
    const lease = this.#next()
    if (lease !== null) this.#leases.add(lease)
    return lease
  }

  /** Takes a lease back: nothing more will be written for it. */
  giveBack(lease: ActiveLease): void {
    this.#leases.delete(lease)
    lease.finish()
  }

  /** From now on one stream: the others give up, and have done so when this resolves. */
  async becomeOnlyOne(lease: ActiveLease): Promise<void> {
    this.mode = 'whole'
    const others = [...this.#leases].filter((other) => other !== lease)
    for (const other of others) other.controller.abort()
    await Promise.all(others.map((other) => other.done))
  }

  /**
   * Gives up the ranges of which `least` bytes or more are missing. A stream that could not be asked for again
   * goes on.
   */
  giveUpRests(least: number): void {
    if (this.mode === 'whole') return
    for (const lease of this.#leases) if (lease.end - lease.position >= least) lease.controller.abort()
  }

  /** Has any connection brought bytes just now? */
  isReceiving(): boolean {
    const now = performance.now()
    return [...this.#leases].some((lease) => now - lease.heardAt < RECENT)
  }

  #next(): ActiveLease | null {
    const isFirst = this.mode === 'whole' || this.total === null
    if ((isFirst && this.#leases.size > 0) || this.isComplete) return null
    if (this.mode === 'whole') return leaseOf('whole', { start: 0, end: Number.POSITIVE_INFINITY })
    if (this.total === null) return leaseOf('segment', { start: 0, end: this.#firstLength() })
    const free = gaps([...this.#store.blocks, ...this.#leases], this.total)
    const share = Math.ceil((this.total - this.#atStart) / this.limit)
    const next = nextSegment(free, { ...this.#policy, share, limit: this.largest })
    if (next !== null) return leaseOf('segment', next)
    return this.#leases.size === 0 ? probe(this.total) : this.#half()
  }

  #firstLength(): number {
    const { segmentSize, connections } = this.#policy
    const chosen = connections === 1 ? Number.POSITIVE_INFINITY : SMALLEST_SEGMENT
    return Math.min(segmentSize ?? chosen, this.largest)
  }

  /** The second half of the largest rest. */
  #half(): ActiveLease | null {
    const split = largestRest([...this.#leases].filter((lease) => lease.isWorthSharing))
    if (split === null) return null
    const end = split.lease.end
    split.lease.end = split.at
    return leaseOf('segment', { start: split.at, end })
  }
}

/** Everything is held, from an earlier run: is it still what the server has? An empty file has no byte to ask for. */
function probe(total: number): ActiveLease {
  if (total === 0) return leaseOf('whole', { start: 0, end: 0 })
  return leaseOf('probe', { start: total - 1, end: total })
}

function leaseOf(kind: LeaseKind, { start, end }: Interval): ActiveLease {
  return new ActiveLease(kind, start, end)
}
