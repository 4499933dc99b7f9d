// How fast bytes are received.

const WINDOW_MS = 5000
/** Samples are at least this far apart. */
const SAMPLE_MS = 100
/** A speed is known after this time. At first there may be bytes that were already on their way, in any number. */
const LEAST_MS = 500
/** With more samples than this in a window, bytes flow. Otherwise they come in single bursts. */
const BURST_SAMPLES = 2

interface Sample {
  readonly time: number
  readonly bytes: number
}

/**
 * Measures the speed over a sliding window. It begins with the first bytes, and again with the first bytes after an
 * outage, so that the time without a connection does not count. Times are in ms on the monotonic clock.
 */
export class SpeedMeter {
  #samples: Sample[] = []
  #bytes = 0
  #newest = 0

  /** `bytes` more have come. Those that begin a window do not count, because nobody knows how long they took. */
  add(bytes: number, now: number = performance.now()): void {
    if (this.#isSilent(now)) this.#samples = []
    this.#bytes += bytes
    this.#newest = now
    const last = this.#samples.at(-1)
    if (last === undefined || now - last.time >= SAMPLE_MS)
      this.#samples.push({ time: now, bytes: this.#bytes })
    while ((this.#samples[1]?.time ?? now) < now - WINDOW_MS) this.#samples.shift()
  }

  /** Call while nothing is tried, for example in a pause. The next bytes begin a new window. */
  reset(): void {
    this.#samples = []
  }

  /** Bytes per second; null while it is not known, 0 in a silence. */
  speed(now: number = performance.now()): number | null {
    if (this.#isSilent(now)) return 0
    const base = this.#base(now)
    if (base === undefined || now - base.time < LEAST_MS) return null
    return ((this.#bytes - base.bytes) * 1000) / (now - base.time)
  }

  #base(now: number): Sample | undefined {
    const isBursts = this.#samples.length <= BURST_SAMPLES
    const old = isBursts ? undefined : this.#samples.findLast(({ time }) => time <= now - WINDOW_MS)
    return old ?? this.#samples[0]
  }

  /** Have bytes flowed, and then none for a whole window? Single bursts may be further apart. */
  #isSilent(now: number): boolean {
    return this.#samples.length > BURST_SAMPLES && now - this.#newest >= WINDOW_MS
  }
}
