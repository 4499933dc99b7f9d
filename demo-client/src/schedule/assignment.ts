// The bytes that one connection fetches, and how far it has come.
import type { Interval } from '../state/blocks.ts'
import type { OpenSegment } from '../state/segments.ts'

/**
 * What is asked for. `'whole'` is the file without a range. `'probe'` is one byte that is stored already, to see whether
 * the file is still the same.
 */
export type AssignmentKind = 'segment' | 'whole' | 'probe'

/**
 * Why a connection stops before the end of its assignment.
 *
 * - `'download-over'`: every byte is there, or the download has failed
 * - `'paused'`: the download is paused, and the remaining bytes can be asked for again
 * - `'single-stream'`: one stream without ranges replaces all connections
 * - `'shortage'`: the process or the system has no file descriptor left for it
 * - `'below-min-rate'`: all connections together are slower than `minRate`
 * - `'straggler'`: it is far slower than the others
 * - `'server-left'`: its server is not asked any more, and another one has the same file
 */
export type AbortReason =
  | 'download-over'
  | 'paused'
  | 'single-stream'
  | 'shortage'
  | 'below-min-rate'
  | 'straggler'
  | 'server-left'

/** A rate says something after this time. */
const LEAST_MEASURED_MS = 250

/** An interval of the file that one connection fetches. */
export class Assignment implements OpenSegment {
  readonly kind: AssignmentKind
  readonly start: number
  /** Resolves when nothing more will be written for this assignment. */
  readonly done: Promise<void>
  readonly #controller = new AbortController()
  readonly #assignedAtMs = performance.now()
  #abortReason: AbortReason | null = null
  #end: number
  #position: number
  #bodyEnd: number | null = null
  #answeredAtMs: number | null = null
  #lastBytesAtMs: number = Number.NEGATIVE_INFINITY
  #isIndivisible = false
  /** Bytes received that were not stored before. */
  #newBytes = 0
  /** How many of these turned out to be useless. */
  #droppedBytes = 0
  /** `#newBytes` when `measure()` was last called. */
  #measuredBytes = 0
  #lastSecondBytes = 0
  /** Bytes per second, smoothed. */
  #rate = 0
  #measurements = 0
  #finish: () => void = () => undefined

  constructor(kind: AssignmentKind, { start, end }: Interval) {
    this.kind = kind
    this.start = start
    this.#end = end
    this.#position = start
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Where the bytes to fetch end, exclusive. It moves down when another connection takes the second half. */
  get end(): number {
    return this.#end
  }

  /** The next byte to receive. */
  get position(): number {
    return this.#position
  }

  /** Where the body of the answer ends in the file, exclusive. Null before there is an answer to a range. */
  get bodyEnd(): number | null {
    return this.#bodyEnd
  }

  /** Has the head of an accepted answer come? */
  get isAnswered(): boolean {
    return this.#answeredAtMs !== null
  }

  /** Aborted together with the assignment. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the connection gives up the remaining bytes; null while it does not. */
  get abortReason(): AbortReason | null {
    return this.#abortReason
  }

  /** Bytes received that were not stored before. */
  get newBytes(): number {
    return this.#newBytes
  }

  /** Those of the new bytes that bring the file nearer to its end. */
  get keptBytes(): number {
    return this.#newBytes - this.#droppedBytes
  }

  /** Bytes per second from the request to the last byte. */
  get overallRate(): number {
    return (this.#newBytes * 1000) / Math.max(1, this.#lastBytesAtMs - this.#assignedAtMs)
  }

  /** Bytes per second since the head of the answer; null while that is recent, because nothing is known then. */
  get rateSinceAnswer(): number | null {
    const ms = this.#answeredAtMs === null ? 0 : performance.now() - this.#answeredAtMs
    return ms < LEAST_MEASURED_MS ? null : (1000 * this.#newBytes) / ms
  }

  /** Time since the request was decided, in ms. */
  get ageMs(): number {
    return performance.now() - this.#assignedAtMs
  }

  /**
   * Would the remaining bytes be there sooner if another connection fetched half of them? That one has to wait for its
   * answer first.
   */
  get isWorthSharing(): boolean {
    if (this.#answeredAtMs === null || this.#isIndivisible) return false
    const average = this.#newBytes / Math.max(1, performance.now() - this.#answeredAtMs)
    const rate = this.#measurements > 1 ? this.#lastSecondBytes / 1000 : average
    return (this.#end - this.#position) / rate > 2 * (this.#answeredAtMs - this.#assignedAtMs)
  }

  /** The answer to a range has come. Its body ends at `bodyEnd` in a file of `total` bytes, if that is known. */
  partAnswered(bodyEnd: number, total: number | null): void {
    this.#end = Math.min(this.#end, total ?? this.#end)
    this.#bodyEnd = Math.min(this.#end, bodyEnd)
    this.#answeredAtMs = performance.now()
  }

  /** An answer with the whole file has come: its body begins at the first byte. */
  wholeAnswered(total: number | null): void {
    this.#position = 0
    this.#end = total ?? Number.POSITIVE_INFINITY
    this.#answeredAtMs = performance.now()
  }

  /** Another connection fetches what lies behind `end`. */
  shrinkTo(end: number): void {
    this.#end = Math.min(this.#end, end)
  }

  /** Another connection has failed to fetch what lies behind the end: this one receives it, up to `end`. */
  extendTo(end: number): void {
    this.#end = end
  }

  /** The bytes count only once all have come, so no other connection can take a half. */
  makeIndivisible(): void {
    this.#isIndivisible = true
  }

  /** `bytes` more have come, of which `newBytes` were not stored before. */
  advance(bytes: number, newBytes: number = bytes): void {
    this.#position += bytes
    this.#newBytes += newBytes
    this.#lastBytesAtMs = performance.now()
  }

  /** All bytes received until now turn out to be useless. */
  dropReceived(): void {
    this.#droppedBytes = this.#newBytes
  }

  /** Makes the connection give up the remaining bytes. The first reason stays. */
  abort(reason: AbortReason): void {
    this.#abortReason ??= reason
    this.#controller.abort()
  }

  /** Nothing more will be written: see {@link done}. */
  finish(): void {
    this.#finish()
  }

  /** Call once a second. Returns smoothed bytes per second, or null while it is too early to say. */
  measure(): number | null {
    if (this.#answeredAtMs === null) return null
    const delta = this.#newBytes - this.#measuredBytes
    this.#measuredBytes = this.#newBytes
    this.#lastSecondBytes = delta
    this.#rate = this.#measurements === 0 ? delta : (this.#rate + delta) / 2
    this.#measurements++
    return this.#measurements > 3 ? this.#rate : null
  }
}

/** Asks whether the file is still the same when all `total` bytes are stored. An empty file has no byte to ask for. */
export function probeOf(total: number): Assignment {
  if (total === 0) return new Assignment('whole', { start: 0, end: 0 })
  return new Assignment('probe', { start: total - 1, end: total })
}
