// An interval lent to one connection.
import type { Interval } from '../state/blocks.ts'
import type { OpenSegment } from '../state/segments.ts'

/** What a lease is for. `'probe'` asks for a byte that is held already, to see whether the file still is. */
export type LeaseKind = 'segment' | 'whole' | 'probe'

/** A lease with the connection that works on it. */
export class ActiveLease implements OpenSegment {
  readonly kind: LeaseKind
  readonly start: number
  end: number
  position: number
  /** Aborted, the connection gives up the rest. */
  readonly controller: AbortController = new AbortController()
  /** Resolves when nothing more will be written for this lease. */
  readonly done: Promise<void>
  /** When the head of an answer came, on the monotonic clock in ms; null before. */
  answeredAt: number | null = null
  /** Where the body of the answer ends in the file: no later byte comes from there. Null before there is one. */
  bodyEnd: number | null = null
  /** When bytes last came. */
  heardAt: number = Number.NEGATIVE_INFINITY
  /** Bytes that count only once all have come; the lease cannot be split. */
  isIndivisible = false
  readonly #lentAt = performance.now()
  #bytes = 0
  #forfeited = 0
  #measuredBytes = 0
  /** Bytes received in the last whole second. */
  #lastSecond = 0
  #rate = 0
  #ticks = 0
  #finish: () => void = () => undefined

  constructor(kind: LeaseKind, { start, end }: Interval) {
    this.kind = kind
    this.start = start
    this.end = end
    this.position = start
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Bytes received that were not held before. */
  get bytes(): number {
    return this.#bytes
  }

  /** Those of them that bring the file nearer to its end. */
  get useful(): number {
    return this.#bytes - this.#forfeited
  }

  /** What has been received is of no use after all. Returns how many bytes that are. */
  forfeit(): number {
    const bytes = this.useful
    this.#forfeited = this.#bytes
    return bytes
  }

  /** `bytes` more have come, `useful` of them not held before. */
  advance(bytes: number, useful: number = bytes): void {
    this.position += bytes
    this.#bytes += useful
    this.heardAt = performance.now()
  }

  finish(): void {
    this.#finish()
  }

  /** Would the rest be there sooner if another connection fetched half of it? That one has to wait for its answer. */
  get isWorthSharing(): boolean {
    if (this.answeredAt === null || this.isIndivisible) return false
    const average = this.#bytes / Math.max(1, performance.now() - this.answeredAt)
    const rate = this.#ticks > 1 ? this.#lastSecond / 1000 : average
    return (this.end - this.position) / rate > 2 * (this.answeredAt - this.#lentAt)
  }

  /** Bytes per second from the request to the last byte. */
  get overallRate(): number {
    return (this.#bytes * 1000) / Math.max(1, this.heardAt - this.#lentAt)
  }

  /** Call once a second: smoothed bytes per second, or null while it is too early to tell. */
  measure(): number | null {
    if (this.answeredAt === null) return null
    const delta = this.#bytes - this.#measuredBytes
    this.#measuredBytes = this.#bytes
    this.#lastSecond = delta
    this.#rate = this.#ticks === 0 ? delta : (this.#rate + delta) / 2
    this.#ticks++
    return this.#ticks > 3 ? this.#rate : null
  }
}

/** What is asked for when all `total` bytes are held: is the file still the same? An empty one has no byte to ask for. */
export function probeOf(total: number): ActiveLease {
  if (total === 0) return new ActiveLease('whole', { start: 0, end: 0 })
  return new ActiveLease('probe', { start: total - 1, end: total })
}
