// Which connections are far slower than the others, now and earlier, and how many of them are aborted. Pure.

/** A straggler is slower than this share of the median. The share is relative, because networks differ in speed. */
const SLOW_SHARE = 0.15
/** How many rates of segments that are done are compared. */
const MAX_PAST_RATES = 16

/**
 * Which of these rates are those of stragglers, compared with each other and with the `past` rates. The past ones count
 * because the last segment has no other one beside it. Rates are in bytes per second, and null while they are unknown.
 */
export function straggling(rates: readonly (number | null)[], past: readonly number[]): boolean[] {
  const known = [...past, ...rates.filter((rate) => rate !== null)].toSorted((a, b) => a - b)
  // The upper median, so that of two connections the faster one is the measure.
  const median = known[Math.floor(known.length / 2)] ?? 0
  return rates.map((rate) => rate !== null && known.length > 1 && rate < median * SLOW_SHARE)
}

/** A connection that is measured once a second. */
export interface Watched {
  measure(): number | null
  abort(reason: 'straggler'): void
}

/** Aborts stragglers, a limited number of times. */
export class Stragglers {
  #past: number[] = []
  #abortsLeft: number

  constructor(maxAborts: number) {
    this.#abortsLeft = maxAborts
  }

  /** A segment is done. It came at `rate` bytes per second. */
  addRate(rate: number): void {
    this.#past = [rate, ...this.#past].slice(0, MAX_PAST_RATES)
  }

  /** Call once a second. */
  check(segments: readonly Watched[]): void {
    const rates = segments.map((segment) => segment.measure())
    const isStraggler = straggling(rates, this.#past)
    for (const [index, segment] of segments.entries()) {
      if (!isStraggler[index] || this.#abortsLeft === 0) continue
      this.#abortsLeft--
      segment.abort('straggler')
    }
  }
}
