// What a download reports while it runs. A snapshot collects it from the parts of the download.
import type { ByteStore } from '../disk/byte-store.ts'
import type { DownloadProgress, DownloadState } from '../download-progress.ts'
import type { Transfer } from '../transfer/transfer.ts'
import { ProgressFeed } from './progress-feed.ts'
import { SpeedMeter } from './speed-meter.ts'
import { Stopwatch } from './stopwatch.ts'

/** The state and the numbers of one download. */
export class DownloadStatus {
  readonly #meter = new SpeedMeter()
  /** Runs except in pauses and waits. */
  readonly #work = new Stopwatch()
  /** Runs while bytes are received or asked for. */
  readonly #receiving = new Stopwatch()
  readonly #feed = new ProgressFeed(() => this.progress)
  /** The current transfer, or the last one. */
  #transfer: Transfer | null = null
  #store: ByteStore | null = null
  #state: DownloadState = 'starting'
  #path: string | null = null
  #resumed = 0
  #message = ''
  /** The last numbers, once they are known. */
  #final: Pick<DownloadProgress, 'received' | 'total'> | null = null

  readonly #onBytes: (bytes: number) => void

  /** @param onBytes called with the number of new bytes of each chunk */
  constructor(onBytes: (bytes: number) => void = () => undefined) {
    this.#onBytes = onBytes
    this.#work.set('running')
  }

  /** A snapshot. */
  get progress(): DownloadProgress {
    const received = this.#final?.received ?? this.#store?.received ?? 0
    const total = this.#final?.total ?? this.#transfer?.total ?? null
    const speed = this.#meter.speed()
    const state = this.#stateNow()
    const waiting = state === 'waiting' ? (this.#transfer?.waiting ?? null) : null
    return {
      state,
      path: this.#path,
      received,
      resumed: this.#resumed,
      total,
      speed,
      eta: total === null || speed === null || speed === 0 ? null : (1000 * (total - received)) / speed,
      connections: this.#transfer?.connections ?? 0,
      retryIn: waiting === null ? 0 : Math.max(0, waiting.untilMs - performance.now()),
      attempt: waiting?.attempt ?? 0,
      attempts: waiting?.attempts ?? 0,
      message: waiting?.reason ?? this.#message,
    }
  }

  /** Bytes that an earlier run had received. */
  get resumed(): number {
    return this.#resumed
  }

  /** How long the download was at work until now, and how fast it received. See `DownloadResult`. */
  get times(): { duration: number; speed: number } {
    const { received } = this.progress
    const receivingMs = Math.max(1, this.#receiving.read())
    const speed = Math.round((1000 * Math.max(0, received - this.#resumed)) / receivingMs)
    return { duration: Math.round(this.#work.read()), speed }
  }

  /** See {@link ProgressFeed.snapshots}. */
  snapshots(): AsyncGenerator<DownloadProgress, void, undefined> {
    return this.#feed.snapshots()
  }

  enter(state: DownloadState): void {
    this.#state = state
    this.changed()
  }

  /** `transfer` receives the bytes from now on. */
  followTransfer(transfer: Transfer): void {
    this.#transfer = transfer
    this.enter('downloading')
  }

  /** Where the file will be. */
  setPath(path: string): void {
    this.#path = path
    this.changed()
  }

  /** A snapshot would differ from the last one. */
  changed(): void {
    const state = this.#stateNow()
    const isIdle = state === 'waiting' || state === 'paused'
    if (isIdle) this.#meter.reset()
    this.#work.set(isIdle ? 'stopped' : 'running')
    this.#receiving.set(state === 'downloading' ? 'running' : 'stopped')
    this.#feed.changed()
  }

  /** The download goes on with the bytes in `store`. */
  resumeFrom(store: ByteStore): void {
    this.#store = store
    this.#resumed = store.received
    this.#message = store.notice
  }

  /** `bytes` more have been received. */
  addBytes(bytes: number): void {
    this.#meter.add(bytes)
    this.#onBytes(bytes)
    this.changed()
  }

  /** All bytes received until now are useless. */
  startOver(reason: string): void {
    this.#message = `started over: ${reason}`
    this.#resumed = 0
    this.#meter.reset()
  }

  /** Some bytes were useless, and are no longer in the store. */
  fetchAgain(reason: string): void {
    this.#message = reason
    this.#resumed = Math.min(this.#resumed, this.#store?.received ?? 0)
    this.#meter.reset()
  }

  /** The file existed already, with all its `size` bytes. */
  foundFinished(size: number): void {
    this.#resumed = size
    this.setFinal(size, size)
  }

  /** These numbers are the last ones. They do not change when the part file is closed. */
  setFinal(received: number, total: number | null): void {
    this.#final = { received, total }
  }

  /** There is no snapshot after the next one. */
  end(): void {
    this.#feed.end()
  }

  #stateNow(): DownloadState {
    if (this.#state !== 'downloading') return this.#state
    if (this.#transfer?.isPaused) return 'paused'
    return this.#transfer?.waiting == null ? 'downloading' : 'waiting'
  }
}
