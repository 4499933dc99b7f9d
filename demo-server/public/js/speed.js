const WINDOW = 3000

/** Bytes per second over the last seconds, or null while nothing arrives. */
export class Speed {
  #clock
  #samples = []

  /** @param {() => number} clock in ms */
  constructor(clock = () => performance.now()) {
    this.#clock = clock
  }

  add(bytes) {
    this.#samples.push({ now: this.#clock(), bytes })
  }

  get perSecond() {
    const now = this.#clock()
    while (this.#samples[0]?.now < now - WINDOW) this.#samples.shift()
    const [first, ...rest] = this.#samples
    if (rest.length === 0) return null
    return rest.reduce((sum, { bytes }) => sum + bytes, 0) / ((now - first.now) / 1000)
  }
}
