// Which connection is far slower than the others are and have been, and how often that has consequences. Pure.

/** Slower than this share of the median is a straggler: relative, since what is slow depends on the line. */
const SLOW_SHARE = 0.15
/** Rates remembered of segments that are done. */
const MEMORY = 16

/**
 * Which of these rates (bytes per second; null: too early to tell) are those of stragglers, beside each other and the
 * `past` ones: the last segment is alone when it is slow at 99 %.
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

/** Takes segments from stragglers, a limited number of times. */
export class Stragglers {
  #past: number[] = []
  #handOversLeft: number

  constructor(handOvers: number) {
    this.#handOversLeft = handOvers
  }

  /** A segment is done; it came at `rate` bytes per second. */
  remember(rate: number): void {
    this.#past = [rate, ...this.#past].slice(0, MEMORY)
  }

  /** Call once a second. */
  look(segments: readonly Watched[]): void {
    const rates = segments.map((segment) => segment.measure())
    const isStraggler = straggling(rates, this.#past)
    for (const [index, segment] of segments.entries()) {
      if (!isStraggler[index] || this.#handOversLeft === 0) continue
      this.#handOversLeft--
      segment.abort('straggler')
    }
  }
}
