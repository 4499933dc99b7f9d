// Which bytes of a file have come for an output: those of bodies that have ended, and of bodies that are coming.
import type { Interval } from '../state/blocks.ts'
import type { BodyWriter } from './body-writer.ts'

/**
 * The bytes that an output has been given, can be given, and has to wait for. What was given cannot be taken back: it has
 * come, whatever becomes of the body that brought it. Otherwise it would be fetched once more.
 */
export class Arrivals {
  /** How many bytes the output has been given. */
  readonly #given: () => number
  /** Bytes in their places whose bodies have ended, and those that the output was given. Sorted, without gaps between neighbours. */
  #ended: readonly Interval[] = []
  /** Bodies that are coming, and ended ones of which some bytes are not in their places. */
  readonly #writers = new Set<BodyWriter>()
  readonly #unproven = new WeakSet<BodyWriter>()
  readonly #over = new WeakSet<BodyWriter>()

  constructor(given: () => number) {
    this.#given = given
  }

  /** All bytes that have come. */
  get blocks(): readonly Interval[] {
    const given = { start: 0, end: this.#given() }
    const coming = [...this.#writers].map(({ received }) => received)
    return [given, ...coming].reduce<readonly Interval[]>(joined, this.#ended)
  }

  /** Up to here each byte is in its place, or was given to the output. */
  get frontier(): number {
    let frontier = this.#given()
    const proven = [...this.#writers].filter((writer) => this.isProven(writer)).map(({ stored }) => stored)
    for (const { start, end } of [...this.#ended, ...proven].sort((a, b) => a.start - b.start))
      if (start <= frontier) frontier = Math.max(frontier, end)
    return frontier
  }

  get writers(): readonly BodyWriter[] {
    return [...this.#writers]
  }

  add(writer: BodyWriter): void {
    this.#writers.add(writer)
  }

  markUnproven(writer: BodyWriter): void {
    this.#unproven.add(writer)
  }

  isProven(writer: BodyWriter): boolean {
    return !this.#unproven.has(writer)
  }

  /** The body of `writer` has ended. Its bytes count once they are in their places, unless they are dropped. */
  end(writer: BodyWriter, outcome: 'keep' | 'drop'): void {
    if (!this.#writers.has(writer)) return
    if (outcome === 'drop') {
      writer.abandon()
      this.#writers.delete(writer)
      return
    }
    this.#unproven.delete(writer)
    this.#over.add(writer)
    this.settle()
  }

  /** Moves the bytes of ended bodies that are all in their places. */
  settle(): void {
    for (const writer of this.#writers) {
      if (!this.#over.has(writer) || writer.received.end > writer.stored.end) continue
      this.#writers.delete(writer)
      this.#ended = joined(this.#ended, writer.stored)
    }
  }

  /** Forgets all bytes that the output was not given. */
  reset(): void {
    for (const writer of this.writers) this.end(writer, 'drop')
    this.#ended = []
  }
}

/** `intervals` (sorted, disjoint) with one more. */
function joined(intervals: readonly Interval[], more: Interval): Interval[] {
  if (more.end <= more.start) return [...intervals]
  const before = intervals.filter(({ end }) => end < more.start)
  const after = intervals.filter(({ start }) => start > more.end)
  const touched = intervals.filter(({ start, end }) => end >= more.start && start <= more.end)
  const start = Math.min(more.start, ...touched.map((each) => each.start))
  const end = Math.max(more.end, ...touched.map((each) => each.end))
  return [...before, { start, end }, ...after]
}
