// What a download tells of itself while it runs: gathered from its parts whenever somebody looks.
import type { Store } from '../disk/store.ts'
import type { DownloadProgress, DownloadState } from '../download-progress.ts'
import type { Transfer } from '../transfer/transfer.ts'
import { ProgressFeed } from './progress-feed.ts'
import { SpeedMeter } from './speed-meter.ts'

/** Where one download stands. */
export class DownloadStatus {
  readonly #meter = new SpeedMeter()
  readonly #feed = new ProgressFeed(() => this.progress)
  /** The one under way, or the last one. */
  #transfer: Transfer | null = null
  #store: Store | null = null
  #state: DownloadState = 'starting'
  #resumed = 0
  #message = ''
  #final: Pick<DownloadProgress, 'received' | 'total'> | null = null

  /** A snapshot. */
  get progress(): DownloadProgress {
    const received = this.#final?.received ?? this.#store?.received ?? 0
    const total = this.#final?.total ?? this.#transfer?.total ?? null
    const speed = this.#meter.speed()
    const waiting = this.#transfer?.waiting ?? null
    return {
      state: this.#stateNow(),
      received,
      resumed: this.#resumed,
      total,
      speed,
      eta: total === null || speed === 0 ? null : (total - received) / speed,
      connections: this.#transfer?.connections ?? 0,
      retryIn: waiting === null ? 0 : Math.max(0, waiting.untilMs - performance.now()),
      message: waiting?.reason ?? this.#message,
    }
  }

  /** Bytes taken over from an earlier run. */
  get resumed(): number {
    return this.#resumed
  }

  /** See {@link ProgressFeed.snapshots}. */
  snapshots(): AsyncGenerator<DownloadProgress, void, undefined> {
    return this.#feed.snapshots()
  }

  enter(state: DownloadState): void {
    this.#state = state
    this.touch()
  }

  /** `transfer` brings the bytes from now on. */
  follow(transfer: Transfer): void {
    this.#transfer = transfer
    this.enter('downloading')
  }

  /** There is something new to see. */
  touch(): void {
    this.#feed.touch()
  }

  /** Goes on with what `store` holds. */
  resume(store: Store): void {
    this.#store = store
    this.#resumed = store.received
    this.#message = store.notice
  }

  /** `bytes` more have come. */
  count(bytes: number): void {
    this.#meter.add(bytes)
    this.touch()
  }

  /** What was received is of no use. */
  startOver(reason: string): void {
    this.#message = `started over: ${reason}`
    this.#resumed = 0
    this.forgetSpeed()
  }

  /** A pause does not count as slowness. */
  forgetSpeed(): void {
    this.#meter.reset()
  }

  /** The file was there already, all `size` bytes of it. */
  find(size: number): void {
    this.#resumed = size
    this.settle(size, size)
  }

  /** From now on these are the numbers, whatever becomes of the part file. */
  settle(received: number, total: number | null): void {
    this.#final = { received, total }
  }

  /** Nothing new will come. */
  end(): void {
    this.#feed.end()
  }

  #stateNow(): DownloadState {
    if (this.#state !== 'downloading') return this.#state
    if (this.#transfer?.isPaused) return 'paused'
    return this.#transfer?.waiting == null ? 'downloading' : 'waiting'
  }
}
