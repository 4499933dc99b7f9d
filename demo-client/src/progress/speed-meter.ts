// How fast bytes come.

const WINDOW = 5000
const GRAIN = 100

/** Speed over a sliding window. Times in ms, on the monotonic clock. */
export class SpeedMeter {
  #samples: { time: number; bytes: number }[] = []
  #bytes = 0

  add(bytes: number, now: number = performance.now()): void {
    this.#bytes += bytes
    const last = this.#samples.at(-1)
    if (last === undefined || now - last.time >= GRAIN) this.#samples.push({ time: now, bytes: this.#bytes })
    while ((this.#samples[1]?.time ?? now) < now - WINDOW) this.#samples.shift()
  }

  /** Forgets the past, so that a pause does not count as slowness. */
  reset(now: number = performance.now()): void {
    this.#samples = [{ time: now, bytes: this.#bytes }]
  }

  /** Bytes per second. */
  speed(now: number = performance.now()): number {
    while ((this.#samples[1]?.time ?? now) < now - WINDOW) this.#samples.shift()
    const first = this.#samples[0]
    if (first === undefined || now - first.time < GRAIN) return 0
    return ((this.#bytes - first.bytes) * 1000) / (now - first.time)
  }
}
