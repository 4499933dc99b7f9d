// Many downloads at once, over connections that they share.
//
// 1. Read the files ahead, as far as memory is bounded: `batch/file-queue.ts`.
// 2. Begin some of them, each as `download.ts` does, over shared connections: `begin-file.ts`, `http/client-pool.ts`.
// 3. Report what became of each: `batch/outcome-feed.ts`.
// 4. If descriptors are short, go on with fewer files. If the disk is full, begin no more.
import { batchNumbers } from './batch/batch-counts.ts'
import { failedError, stoppedError, unreadableError } from './batch/batch-errors.ts'
import { FileQueue } from './batch/file-queue.ts'
import { HostCounts } from './batch/host-counts.ts'
import { OutcomeFeed } from './batch/outcome-feed.ts'
import { hostOf, originOf, poolFor, type Shared, shownUrl, start } from './begin-file.ts'
import { onAbort } from './caller/abort-listeners.ts'
import { reading } from './caller/check-arguments.ts'
import { TakenPaths } from './disk/taken-paths.ts'
import { type BatchSettings, batchSettingsOf, type DownloadAllOptions } from './download-all-options.ts'
import type { Download } from './download-handle.ts'
import type { DownloadResult } from './download-result.ts'
import type {
  DownloadAllProgress,
  DownloadAllResult,
  Downloads,
  FileOutcome,
  FileRequest,
} from './downloads.ts'
import { DownloadError, systemCode } from './errors.ts'
import { SpeedMeter } from './progress/speed-meter.ts'
import { Stopwatch } from './progress/stopwatch.ts'
import { RateLimit } from './rules/rate-limit.ts'

/**
 * Downloads many files, several at once, each with all that `download()` guarantees. They share their connections and the
 * limits of them. `files` is read as they are needed, so it may be endless.
 *
 * `headers` that could be secrets and the certificate (`certFile`) are for the origin of the first file that is read. Files of
 * other origins are asked for as after a redirect to them, and `netrc` gives them only what it has for their hosts.
 *
 * Two of the files never get one name. The second ends with `ERR_DOWNLOAD_BUSY`, whatever may be replaced, unless the first
 * has failed by then.
 *
 * Begin to iterate at once, or not at all: outcomes that nobody reads are dropped. While a reader is behind, no further file
 * begins.
 */
export function downloadAll<T extends FileRequest>(
  files: Iterable<T> | AsyncIterable<T>,
  options: DownloadAllOptions = {},
): Downloads<T> {
  return new Batch(files, options)
}

interface Running<T> {
  readonly file: T
  readonly host: string
  readonly download: Download
  /** Was another file under way at the same time? It may have used what this one needed. */
  hadCompany: boolean
}

class Batch<T extends FileRequest> implements Downloads<T> {
  readonly finished: Promise<DownloadAllResult>
  readonly #underWay = new Set<Running<T>>()
  readonly #hosts = new HostCounts()
  readonly #meter = new SpeedMeter()
  readonly #clock = new Stopwatch()
  #feed = new OutcomeFeed<FileOutcome<T>>(1, () => undefined)
  #queue: FileQueue<T> | null = null
  #ended = { done: 0, failed: 0, doneBytes: 0, failedBytes: 0 }
  #firstFailure: { readonly url: string; readonly error: DownloadError } | null = null
  /** A list may come from a stranger, so only the origin of its first file gets the secrets of the caller. */
  #firstOrigin: string | null = null
  /** Files at once. Fewer after a shortage of descriptors. */
  #parallel = 1
  #isPaused = false
  /** Why no further file begins, or null. */
  #stopped: { readonly error: unknown } | null = null
  #wake: () => void = () => undefined

  constructor(files: Iterable<T> | AsyncIterable<T>, options: DownloadAllOptions) {
    this.#clock.set('running')
    this.finished = this.#run(files, options)
    this.finished.catch(() => undefined) // a caller who only iterates must not crash the process
  }

  [Symbol.asyncIterator](): AsyncGenerator<FileOutcome<T>, void, undefined> {
    return this.#feed.read()
  }

  get progress(): DownloadAllProgress<T> {
    const { done, failed } = this.#ended
    const files = this.#queue?.total ?? null
    const speed = this.#meter.speed()
    const underWay = [...this.#underWay].map(({ file, download }) => ({ file, progress: download.progress }))
    const each = underWay.map(({ progress }) => progress)
    return { files, done, failed, speed, ...batchNumbers(this.#ended, each, { files, speed }), underWay }
  }

  pause(): void {
    this.#isPaused = true
    this.#meter.reset()
    for (const { download } of this.#underWay) download.pause()
  }

  resume(): void {
    this.#isPaused = false
    for (const { download } of this.#underWay) download.resume()
    this.#wake()
  }

  async #run(files: Iterable<T> | AsyncIterable<T>, options: DownloadAllOptions): Promise<DownloadAllResult> {
    try {
      const settings = batchSettingsOf(options)
      this.#feed = new OutcomeFeed(settings.parallel, () => this.#wake())
      return await this.#fetch(files, settings)
    } finally {
      this.#clock.set('stopped')
      this.#feed.end()
    }
  }

  async #fetch(files: Iterable<T> | AsyncIterable<T>, settings: BatchSettings): Promise<DownloadAllResult> {
    const { signal } = settings.each
    const queue = reading(
      'the files',
      () =>
        new FileQueue(files, (file) => this.#hostOf(file), {
          onChange: () => this.#wake(),
          onFailure: (error) => this.#stop(error instanceof DownloadError ? error : unreadableError(error)),
        }),
    )
    this.#queue = queue
    this.#parallel = settings.parallel
    const pool = poolFor(settings)
    const limit = settings.each.limitRate === null ? null : new RateLimit(settings.each.limitRate)
    const taken = new TakenPaths()
    const stop = (): void => this.#stop(signal?.reason)
    const forget = signal === null ? null : onAbort(signal, stop)
    if (signal?.aborted) stop()
    try {
      await this.#loop(queue, (file) =>
        this.#begin(file, { settings, pool, limit, secretsFor: this.#firstOrigin, taken }),
      )
    } finally {
      forget?.()
      pool.close()
      void queue.end()
    }
    return this.#outcome(signal)
  }

  async #loop(queue: FileQueue<T>, begin: (file: T) => void): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      while (this.#mayBegin()) {
        const next = queue.next((host) => this.#hosts.of(host))
        if (next === null) break
        begin(next.file)
      }
      if (this.#underWay.size === 0 && (this.#stopped !== null || queue.isDone)) return
      await woken
    }
  }

  /** Called in the order of the list. */
  #hostOf(file: T): string {
    this.#firstOrigin ??= originOf(file)
    return hostOf(file)
  }

  #mayBegin(): boolean {
    return (
      this.#stopped === null && !this.#isPaused && !this.#feed.isFull && this.#underWay.size < this.#parallel
    )
  }

  #begin(file: T, shared: Shared): void {
    const host = hostOf(file)
    let download: Download
    try {
      download = start(file, shared, (bytes) => this.#meter.add(bytes))
    } catch (error) {
      this.#failed(file, error, null)
      return
    }
    const running = { file, host, download, hadCompany: this.#underWay.size > 0 }
    for (const other of this.#underWay) other.hadCompany = true
    this.#underWay.add(running)
    this.#hosts.add(host)
    const leave = (): void => {
      this.#underWay.delete(running)
      this.#hosts.remove(host)
    }
    download.finished.then(
      (result) => {
        leave()
        this.#done(file, result)
      },
      (error) => {
        leave()
        this.#failed(file, error, running)
      },
    )
  }

  #done(file: T, result: DownloadResult): void {
    this.#ended.done++
    this.#ended.doneBytes += result.size
    this.#feed.add({ file, result, error: null })
    this.#wake()
  }

  #failed(file: T, error: unknown, running: Running<T> | null): void {
    if (!(error instanceof DownloadError)) {
      this.#stop(error)
      return
    }
    const { code } = error
    // What the others have released may be enough for it. All of them may have failed, each because of the others.
    if (code === 'ERR_DOWNLOAD_RESOURCES' && running?.hadCompany === true && this.#stopped === null) {
      this.#parallel = Math.max(1, Math.min(this.#parallel - 1, this.#underWay.size))
      this.#queue?.putBack(file)
      this.#wake()
      return
    }
    this.#ended.failed++
    this.#ended.failedBytes += running?.download.progress.received ?? 0
    this.#firstFailure ??= { url: shownUrl(file), error }
    this.#feed.add({ file, result: null, error })
    if (concernsAll(error)) this.#stop(error)
    this.#wake()
  }

  /** Begins no further file. Those under way go on. */
  #stop(error: unknown): void {
    this.#stopped ??= { error }
    this.#wake()
  }

  #outcome(signal: AbortSignal | null): DownloadAllResult {
    const { done, failed, doneBytes } = this.#ended
    if (signal?.aborted) throw stoppedError(done, signal.reason)
    const first = this.#firstFailure
    const error = this.#stopped?.error ?? null
    if (error !== null && !(error instanceof DownloadError)) throw error
    if (first === null && error !== null) throw error
    if (first !== null) throw failedError(first.url, first.error, { failed, done, isStopped: error !== null })
    return { files: done, size: doneBytes, duration: Math.round(this.#clock.read()) }
  }
}

/** Would every other file fail as well? A limit on the size of one file is only about larger ones. */
function concernsAll({ code, cause }: DownloadError): boolean {
  if (code === 'ERR_DOWNLOAD_DISK_FULL') return systemCode(cause) !== 'EFBIG'
  return code === 'ERR_DOWNLOAD_RESOURCES'
}
