// Where a download stands: the newest snapshot, for any reader, at any pace.

/** What a download is doing. */
export type DownloadState =
  | 'starting'
  | 'checking'
  | 'downloading'
  | 'waiting'
  | 'paused'
  | 'verifying'
  | 'finished'
  | 'failed'

/** A snapshot. Sizes in bytes. */
export interface DownloadProgress {
  /** What the download is doing. */
  readonly state: DownloadState
  /** Bytes of the file received, those of earlier runs included. */
  readonly received: number
  /** Of these, how many an earlier run had received. */
  readonly resumed: number
  /** Size of the file, or null while it is unknown. */
  readonly total: number | null
  /** Bytes per second over the last seconds; resumed bytes and pauses do not count. */
  readonly speed: number
  /** Seconds left at this speed, or null where that cannot be told. */
  readonly eta: number | null
  /** Connections that are receiving. */
  readonly connections: number
  /** While `waiting`: milliseconds until the next attempt. Else 0. */
  readonly retryIn: number
  /** Why it is waiting or has started over; empty where there is nothing to tell. */
  readonly message: string
}

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

/** Holds the newest snapshot and wakes those who wait for a newer one. */
export class ProgressFeed {
  readonly #look: () => DownloadProgress
  #version = 0
  #isOver = false
  #wake: (() => void)[] = []

  /** @param look takes a snapshot */
  constructor(look: () => DownloadProgress) {
    this.#look = look
  }

  /** There is something new to see. */
  touch(): void {
    this.#version++
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Nothing new will come: iterations end after the last snapshot. */
  end(): void {
    this.#isOver = true
    this.touch()
  }

  /** Snapshots, each the newest there is when it is taken, ending with the download. */
  async *snapshots(): AsyncGenerator<DownloadProgress, void, undefined> {
    let seen = -1
    while (true) {
      const isLast = this.#isOver
      if (seen !== this.#version) {
        seen = this.#version
        yield this.#look()
      }
      if (isLast) return
      if (seen === this.#version) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }
}
