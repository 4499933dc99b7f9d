const WINDOW = 3000

/** Bytes per second over the last seconds, or null until this is known. */
export class Speed {
  #samples = []

  add(bytes) {
    const now = performance.now()
    this.#samples.push({ now, bytes })
    while (this.#samples[0].now < now - WINDOW) this.#samples.shift()
  }

  get perSecond() {
    const [first, ...rest] = this.#samples
    if (rest.length === 0) return null
    const seconds = (performance.now() - first.now) / 1000
    return rest.reduce((sum, { bytes }) => sum + bytes, 0) / seconds
  }
}
