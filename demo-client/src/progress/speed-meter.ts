// How fast bytes are received.

const WINDOW_MS = 5000
/** Samples are at least this far apart. */
const SAMPLE_MS = 100

/** Measures the speed over a sliding window. Times are in ms on the monotonic clock. */
export class SpeedMeter {
  #samples: { time: number; bytes: number }[] = []
  #bytes = 0

  add(bytes: number, now: number = performance.now()): void {
    this.#bytes += bytes
    const last = this.#samples.at(-1)
    if (last === undefined || now - last.time >= SAMPLE_MS)
      this.#samples.push({ time: now, bytes: this.#bytes })
    while ((this.#samples[1]?.time ?? now) < now - WINDOW_MS) this.#samples.shift()
  }

  /** Measures from now on, so that a pause does not lower the speed. */
  reset(now: number = performance.now()): void {
    this.#samples = [{ time: now, bytes: this.#bytes }]
  }

  /** Bytes per second. */
  speed(now: number = performance.now()): number {
    while ((this.#samples[1]?.time ?? now) < now - WINDOW_MS) this.#samples.shift()
    const first = this.#samples[0]
    if (first === undefined || now - first.time < SAMPLE_MS) return 0
    return ((this.#bytes - first.bytes) * 1000) / (now - first.time)
  }
}
