// Which connection fetches which bytes, and what a free one fetches next.
import type { ByteStore } from '../disk/byte-store.ts'
import { byteCount, gaps, type Interval, uncovered } from '../state/blocks.ts'
import { largestRemainder, nextSegment, type OpenSegment } from '../state/segments.ts'
import { openPart, segmentIn } from '../state/window.ts'
import { type AbortReason, Assignment, probeOf } from './assignment.ts'
import type { SchedulePolicy } from './schedule-policy.ts'

/** What the schedule has to know of the store. */
export type StoredBytes = Pick<ByteStore, 'blocks' | 'joinable' | 'received' | 'window'>

/** Divides one version of a file among connections. */
export class Schedule {
  #mode: 'ranges' | 'whole'
  #total: number | null
  #maxConnections: number
  #maxSegmentBytes = Number.POSITIVE_INFINITY
  /** The same for the next segment alone. */
  #sampleBytes = Number.POSITIVE_INFINITY
  #isConfirmed = false
  /** By all assignments that are released; see {@link keptBytes}. */
  #releasedBytes = 0
  readonly #policy: SchedulePolicy
  readonly #store: StoredBytes
  readonly #assignments = new Set<Assignment>()
  /** Bytes that an earlier run had received. */
  readonly #resumedBytes: number

  constructor(store: StoredBytes, policy: SchedulePolicy, mode: 'ranges' | 'whole') {
    this.#policy = policy
    this.#store = store
    this.#resumedBytes = store.received
    this.#mode = mode
    this.#maxConnections = policy.connections
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

  /** Connections at once. There are fewer after the host has refused some. */
  get maxConnections(): number {
    return this.#maxConnections
  }

  /** Has an answer of this run shown that the stored bytes are of the version that the server has? */
  get isConfirmed(): boolean {
    return this.#isConfirmed
  }

  /** What is being fetched. */
  get assignments(): ReadonlySet<Assignment> {
    return this.#assignments
  }

  /** Is every byte there? */
  get isComplete(): boolean {
    return this.#isConfirmed && this.#total !== null && gaps(this.#store.blocks, this.#total).length === 0
  }

  /** Bytes received in this run that bring the file nearer to its end. */
  get keptBytes(): number {
    let bytes = this.#releasedBytes
    for (const assignment of this.#assignments) bytes += assignment.keptBytes
    return bytes
  }

  /** Has the host refused additional connections? */
  get isLimited(): boolean {
    return this.#maxConnections < this.#policy.connections
  }

  /** What is to be fetched next, or null where there is nothing for a further connection. Release it in the end. */
  assignNext(): Assignment | null {
    const assignment = this.#next()
    if (assignment !== null) this.#assignments.add(assignment)
    return assignment
  }

  /**
   * Ends an assignment: nothing more will be written for it. Where it has failed, a connection whose body goes on into
   * these bytes receives them after all.
   */
  release(assignment: Assignment): void {
    this.#assignments.delete(assignment)
    this.#releasedBytes += assignment.keptBytes
    assignment.finish()
    if (assignment.abortReason !== null) return
    for (const other of this.#assignments) {
      const { bodyEnd, position, end, abortReason } = other
      if (bodyEnd === null || end !== assignment.start || position >= end || abortReason !== null) continue
      const starts = [...this.#store.blocks, ...this.#assignments].map(({ start }) => start)
      other.extendTo(Math.min(bodyEnd, ...starts.filter((start) => start >= end)))
    }
  }

  /** From now on the whole file is asked for, as one stream. What is being fetched goes on. */
  switchToWhole(): void {
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
    this.#maxConnections = count
  }

  /** So many connections more, or fewer if `count` is negative. One is left. */
  addConnections(count: number): void {
    this.#maxConnections = Math.max(1, this.#maxConnections + count)
  }

  /** No segment larger than `bytes` from now on. Returns whether larger ones were allowed until now. */
  limitSegments(bytes: number): boolean {
    const isNew = this.#maxSegmentBytes > bytes
    if (isNew) this.#maxSegmentBytes = bytes
    return isNew
  }

  /** The next segment is no larger than `bytes`, unless the caller has chosen a size, or one connection. */
  sampleNext(bytes: number): void {
    if (this.#policy.segmentSize === null && this.#policy.connections > 1) this.#sampleBytes = bytes
  }

  /** From now on `assignment` is the only one. The others are aborted, and have ended when this resolves. */
  async becomeSingleStream(assignment: Assignment): Promise<void> {
    this.switchToWhole()
    const others = [...this.#assignments].filter((other) => other !== assignment)
    for (const other of others) other.abort('single-stream')
    await Promise.all(others.map((other) => other.done))
  }

  abortAll(reason: AbortReason): void {
    for (const assignment of this.#assignments) assignment.abort(reason)
  }

  /** Aborts the ranges of which `minBytes` or more are missing. A single stream could not be resumed, and goes on. */
  abortForPause(minBytes: number): void {
    if (this.#mode === 'whole') return
    for (const assignment of this.#assignments)
      if (assignment.end - assignment.position >= minBytes) assignment.abort('paused')
  }

  /** Is another connection than that of `assignment` receiving a body? */
  isOtherReceiving(assignment: Assignment): boolean {
    return [...this.#assignments].some((other) => other !== assignment && other.isAnswered)
  }

  /** Aborts one of several connections, and allows no more than the others from now on. False where there is only one. */
  dropConnection(): boolean {
    const working = [...this.#assignments].filter(({ abortReason }) => abortReason === null)
    const spare = working.findLast(({ isAnswered }) => !isAnswered) ?? working.at(-1)
    if (working.length < 2 || spare === undefined) return false
    this.limitConnections(working.length - 1)
    spare.abort('shortage')
    return true
  }

  /**
   * The answer to a range has come, with a body that ends at `bodyEnd`. Only now are these bytes taken from the connection
   * that was fetching them. So a request that is refused takes nothing, and a link that works only once is read to its
   * end. Returns false where the other connection has received some of these bytes already, even if it has ended since.
   */
  partAnswered(assignment: Assignment, bodyEnd: number): boolean {
    assignment.partAnswered(bodyEnd, this.#total)
    for (const other of this.#assignments) {
      if (other === assignment || other.start >= assignment.end || other.end <= assignment.start) continue
      if (other.position > assignment.start) return false
      if (other.start < assignment.start) other.shrinkTo(assignment.start)
    }
    const { start, end } = assignment
    return byteCount(uncovered({ start, end }, this.#store.blocks)) === end - start
  }

  #next(): Assignment | null {
    const isFirst = this.#mode === 'whole' || this.#total === null
    const isAlone = isFirst || this.#store.joinable === null
    if ((isAlone && this.#assignments.size > 0) || this.isComplete) return null
    if (this.#mode === 'whole') return new Assignment('whole', { start: 0, end: Number.POSITIVE_INFINITY })
    if (this.#total === null) return new Assignment('segment', { start: 0, end: this.#firstLength() })
    const free = this.#openParts(gaps([...this.#store.blocks, ...this.#assignments], this.#total))
    // The first request asks for all missing bytes, because the link may work only once. Other connections join when an
    // answer has shown that ranges work.
    const isOpen = !this.#isConfirmed && this.#policy.segmentSize === null
    const missing = this.#total - this.#resumedBytes
    const equalShare = Math.ceil(missing / this.#maxConnections)
    const share = isOpen ? missing : equalShare
    const next = nextSegment(free, { ...this.#policy, share, limit: this.#segmentLimit })
    if (next !== null) return this.#sampled(next)
    if (this.#assignments.size > 0) return this.#endOfLargest(equalShare)
    return this.#store.window === null ? probeOf(this.#total) : null
  }

  /** The first of the `free` bytes, as far as there is room for them: for all of a part that waits there for its digest. */
  #openParts(free: readonly Interval[]): readonly Interval[] {
    const { window } = this.#store
    const first = free[0]
    if (window === null || first === undefined) return free
    const segment = Math.min(this.#policy.segmentSize ?? this.#segmentLimit, this.#segmentLimit, window.size)
    const part = openPart(first, window, { segment, isAlone: this.#maxConnections === 1 })
    return part === null ? [] : [{ ...part, end: Math.min(part.end, part.start + this.#maxSegmentBytes) }]
  }

  /** The most bytes of a segment that is chosen. */
  get #segmentLimit(): number {
    const { window } = this.#store
    const { connections } = this.#policy
    if (window === null || connections === 1) return this.#maxSegmentBytes
    return Math.min(this.#maxSegmentBytes, segmentIn(window, connections))
  }

  #sampled({ start, end }: Interval): Assignment {
    const sampledEnd = Math.min(end, start + this.#sampleBytes)
    this.#sampleBytes = Number.POSITIVE_INFINITY
    return new Assignment('segment', { start, end: sampledEnd })
  }

  #firstLength(): number {
    return Math.min(this.#policy.segmentSize ?? Number.POSITIVE_INFINITY, this.#maxSegmentBytes)
  }

  /** The end of the largest remainder. {@link partAnswered} takes it from the other connection. */
  #endOfLargest(share: number): Assignment | null {
    const shared = [...this.#assignments]
      .filter(({ isWorthSharing }) => isWorthSharing)
      .map((assignment) => this.#unsharedPart(assignment))
    const hasWindow = this.#store.window !== null
    const split = hasWindow ? largestRemainder(shared) : largestRemainder(shared, share)
    if (split === null) return null
    const { segment, at: start } = split
    const end = hasWindow ? Math.min(segment.end, start + this.#segmentLimit) : segment.end
    return this.#sampled({ start, end })
  }

  /** The part of it that no other connection has asked for, and for which there is room. */
  #unsharedPart({ start, position, end }: Assignment): OpenSegment {
    const starts = [...this.#assignments].map((other) => other.start).filter((other) => other > start)
    return { start, position, end: Math.min(end, this.#store.window?.end ?? end, ...starts) }
  }
}
