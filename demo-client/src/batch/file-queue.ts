// The files that are next, read ahead from a list that may be endless.

/** How many files are read ahead. More would only fill memory. */
const MOST_AHEAD = 1000

/** What a queue reports. */
export interface QueueEvents {
  /** A file is here, or the end of the list. */
  readonly onChange: () => void
  /** The list cannot be read any further. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Reads files ahead and gives them out by host. The next one is of the host with the fewest files under way, so that a host
 * that hangs or asks to wait does not hold up the files of others. Files of one host keep their order.
 */
export class FileQueue<T> {
  readonly #source: AsyncIterator<T> | Iterator<T>
  readonly #hostOf: (file: T) => string
  readonly #events: QueueEvents
  /** By host, in the order in which the hosts appeared. */
  readonly #waiting = new Map<string, T[]>()
  #count = 0
  #read = 0
  #state: 'idle' | 'reading' | 'ended' = 'idle'

  constructor(files: AsyncIterable<T> | Iterable<T>, hostOf: (file: T) => string, events: QueueEvents) {
    this.#source = Symbol.asyncIterator in files ? files[Symbol.asyncIterator]() : files[Symbol.iterator]()
    this.#hostOf = hostOf
    this.#events = events
  }

  /** How many files were read; null until the end of the list. */
  get total(): number | null {
    return this.#state === 'ended' ? this.#read : null
  }

  /** Has the list ended, and was each of its files given out? */
  get isDone(): boolean {
    return this.#state === 'ended' && this.#count === 0
  }

  /** The next file; null if none is here now. `underWay`: the number of files of a host that are. */
  next(underWay: (host: string) => number): { readonly file: T } | null {
    let best: string | null = null
    let fewest = Number.POSITIVE_INFINITY
    for (const host of this.#waiting.keys()) {
      const count = underWay(host)
      if (count >= fewest) continue
      best = host
      fewest = count
      if (count === 0) break
    }
    const file = best === null ? null : this.#take(best)
    void this.#fill()
    return file
  }

  /** Gives a file back that cannot be fetched now. It is the next one of its host. */
  putBack(file: T): void {
    const host = this.#hostOf(file)
    this.#waiting.set(host, [file, ...(this.#waiting.get(host) ?? [])])
    this.#count++
  }

  /** Reads no more, and forgets what is waiting. Never rejects: no file is lost if the list cannot be ended. */
  async end(): Promise<void> {
    const wasEnded = this.#state === 'ended'
    this.#state = 'ended'
    this.#waiting.clear()
    this.#count = 0
    if (wasEnded) return
    try {
      await this.#source.return?.()
    } catch {
      // As in `for await`, what ended the reading is what is reported.
    }
  }

  #take(host: string): { readonly file: T } | null {
    const files = this.#waiting.get(host) ?? []
    const [file] = files.splice(0, 1).map((each) => ({ file: each }))
    if (files.length === 0) this.#waiting.delete(host)
    if (file === undefined) return null
    this.#count--
    return file
  }

  async #fill(): Promise<void> {
    if (this.#state !== 'idle') return
    this.#state = 'reading'
    try {
      while (this.#count < MOST_AHEAD) {
        const step = await this.#source.next()
        if (this.#isEnded()) return
        if (step.done === true) {
          this.#state = 'ended'
          this.#events.onChange()
          return
        }
        this.#add(step.value)
      }
      this.#state = 'idle'
    } catch (error) {
      if (this.#isEnded()) return
      this.#state = 'ended'
      this.#events.onFailure(error)
    }
  }

  /** A method, because the state changes while a step is awaited. */
  #isEnded(): boolean {
    return this.#state === 'ended'
  }

  #add(file: T): void {
    const host = this.#hostOf(file)
    const files = this.#waiting.get(host)
    if (files === undefined) this.#waiting.set(host, [file])
    else files.push(file)
    this.#count++
    this.#read++
    this.#events.onChange()
  }
}
