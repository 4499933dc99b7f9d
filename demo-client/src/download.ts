// The way of a download from the URL to the finished file, and the handle its caller holds.
import { statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { digestOf, type ExpectedDigest, strongest } from './digest.ts'
import { DownloadError, fileError } from './errors.ts'
import { type Answer, Exchanger } from './exchange.ts'
import { single } from './field-lines.ts'
import { parseHttpDate } from './http-date.ts'
import { type Identity, strongTag } from './identity.ts'
import { nameFromDisposition, nameFromUrl } from './names.ts'
import { type DownloadOptions, type Settings, settingsOf } from './options.ts'
import { type DownloadProgress, type DownloadState, ProgressFeed, SpeedMeter } from './progress.ts'
import { firstTarget, type Target } from './request-target.ts'
import { Store, whatIsAt } from './store.ts'
import { Transfer, VersionChanged } from './transfer.ts'

/** A finished download. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string
  /** Its size in bytes. */
  readonly size: number
  /** Its strong entity-tag, or null. */
  readonly etag: string | null
  /** Bytes taken over from an earlier run; all of them where the file was there and had its checksum. */
  readonly resumed: number
  /**
   * What proves that it is whole: a digest that was verified, the length the server announced, or, for
   * `'nothing'`, only that the server closed the connection.
   */
  readonly integrity: 'digest' | 'length' | 'nothing'
  /** The algorithm of that digest, or null. */
  readonly digest: 'sha-256' | 'sha-512' | null
}

/** A download under way. Iterate it for progress; await `finished` for the end. */
export interface Download extends AsyncIterable<DownloadProgress> {
  /** Resolves when the file is complete, verified and has its name. @throws DownloadError */
  readonly finished: Promise<DownloadResult>
  /** The newest progress. */
  readonly progress: DownloadProgress
  /** Takes no more bytes, after at most the small segments under way. */
  pause(): void
  /** Goes on after `pause()`. */
  resume(): void
}

/** Where the file goes: its path, or a directory in which the server's name for it, made safe, is used. */
export type Destination = string | { readonly directory: string }

/** Versions begun before giving up; from the second change on the file is fetched as one stream. */
const MOST_VERSIONS = 6
const VERSIONS_IN_RANGES = 2

/**
 * Starts to download `url`. The file gets its name only when it is complete and verified; what is received
 * until then is in `PATH.part` and is taken up by the next call with the same URL (or `resumeKey`) and path.
 * Wrong options, too, are told through `finished`.
 */
export function download(
  url: string | URL,
  destination: Destination,
  options: DownloadOptions = {},
): Download {
  return new Run(url, destination, options)
}

class Run implements Download {
  readonly finished: Promise<DownloadResult>
  readonly #meter = new SpeedMeter()
  readonly #feed = new ProgressFeed(() => this.progress)
  #state: DownloadState = 'starting'
  #store: Store | null = null
  #transfer: Transfer | null = null
  #isPaused = false
  #resumed = 0
  #message = ''
  #final: Pick<DownloadProgress, 'received' | 'total'> | null = null
  #path = ''
  #mtime: Date | null = null

  constructor(url: string | URL, destination: Destination, options: DownloadOptions) {
    this.finished = this.#run(url, destination, options)
    this.finished.catch(() => undefined) // whoever only iterates must not crash the process
  }

  [Symbol.asyncIterator](): AsyncGenerator<DownloadProgress, void, undefined> {
    return this.#feed.snapshots()
  }

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
      retryIn: waiting === null ? 0 : Math.max(0, waiting.until - performance.now()),
      message: waiting?.reason ?? this.#message,
    }
  }

  pause(): void {
    this.#isPaused = true
    this.#transfer?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#meter.reset()
    this.#transfer?.resume()
  }

  #stateNow(): DownloadState {
    if (this.#state !== 'downloading') return this.#state
    if (this.#transfer?.isPaused) return 'paused'
    return this.#transfer?.waiting == null ? 'downloading' : 'waiting'
  }

  #enter(state: DownloadState): void {
    this.#state = state
    this.#feed.touch()
  }

  async #run(url: string | URL, destination: Destination, options: DownloadOptions): Promise<DownloadResult> {
    try {
      const settings = settingsOf(options)
      const origin = firstTarget(url, settings.headers)
      settings.signal?.throwIfAborted()
      const result = await this.#download(origin, destination, settings)
      this.#enter('finished')
      return result
    } catch (error) {
      this.#enter('failed')
      throw asDownloadError(error, options.signal)
    } finally {
      this.#feed.end()
    }
  }

  async #download(origin: Target, destination: Destination, settings: Settings): Promise<DownloadResult> {
    const isNamed = typeof destination === 'string'
    this.#path = isNamed ? resolve(destination) : resolve(destination.directory, nameFromUrl(origin.url))
    this.#enter('checking')
    if (isNamed) {
      const finished = await this.#findFinished(settings)
      if (finished !== null) return finished
      await refuseExisting(this.#path, settings)
    }
    const store = await Store.open({
      path: this.#path,
      key: settings.resumeKey ?? origin.url.href,
      resume: settings.resume,
      signal: settings.signal,
      onFailure: (error) => this.#transfer?.fail(error),
    })
    this.#store = store
    this.#resumed = store.received
    const { connectTimeout, stallTimeout, maxRedirects, proxy } = settings
    const exchanger = new Exchanger({
      connectTimeout,
      headTimeout: stallTimeout,
      maxRedirects,
      proxy,
      env: process.env,
    })
    try {
      const result = await this.#fetchAndFinish({ store, exchanger, origin, isNamed, settings })
      await store.close('finished')
      return result
    } catch (error) {
      this.#final = { received: store.received, total: this.#transfer?.total ?? null }
      await store.close('stopped').catch(() => undefined) // the first failure is the one to tell
      throw error
    } finally {
      exchanger.close()
    }
  }

  /** A file that has the given checksum already is what was asked for. */
  async #findFinished({ checksum }: Settings): Promise<DownloadResult | null> {
    if (checksum === null || (await whatIsAt(this.#path)) === 'nothing') return null
    const found = await digestOf(this.#path, checksum.algorithm).catch(() => null)
    if (found?.digest !== checksum.value) return null
    this.#final = { received: found.size, total: found.size }
    this.#resumed = found.size
    const { size } = found
    return {
      path: this.#path,
      size,
      etag: null,
      resumed: size,
      integrity: 'digest',
      digest: checksum.algorithm,
    }
  }

  async #fetchAndFinish(context: FetchContext): Promise<DownloadResult> {
    const { store, settings } = context
    const transfer = await this.#fetchVersions(context)
    this.#enter('verifying')
    const total = transfer.total ?? 0
    const identity = store.version?.identity ?? null
    const digest = await this.#verify(context, identity, total)
    await refuseExisting(this.#path, settings)
    settings.signal?.throwIfAborted()
    this.#final = { received: total, total }
    await store.finish(this.#path, total, this.#mtime)
    return {
      path: this.#path,
      size: total,
      etag: identity === null ? null : strongTag(identity),
      resumed: this.#resumed,
      integrity: digest !== null ? 'digest' : transfer.isEndProven ? 'length' : 'nothing',
      digest,
    }
  }

  /** Fetches, beginning anew where the file changes, until one version is complete. */
  async #fetchVersions(context: FetchContext): Promise<Transfer> {
    for (let version = 1; ; version++) {
      const transfer = this.#newTransfer(context, version)
      this.#transfer = transfer
      if (this.#isPaused) transfer.pause()
      this.#enter('downloading')
      const stop = (): void => transfer.fail(context.settings.signal?.reason)
      context.settings.signal?.addEventListener('abort', stop)
      try {
        if (context.settings.signal?.aborted) stop()
        await transfer.run()
        return transfer
      } catch (error) {
        if (!(error instanceof VersionChanged)) throw error
        if (version >= MOST_VERSIONS) throw keepsChanging(version, error)
        this.#message = `started over: ${error.message}`
        this.#resumed = 0
        this.#meter.reset()
        await context.store.forget()
      } finally {
        context.settings.signal?.removeEventListener('abort', stop)
      }
    }
  }

  #newTransfer({ store, exchanger, origin, isNamed, settings }: FetchContext, version: number): Transfer {
    return new Transfer({
      settings,
      store,
      exchanger,
      origin,
      mode: version <= VERSIONS_IN_RANGES ? 'ranges' : 'whole',
      onVersion: async (identity, answer) => {
        if (!isNamed) await this.#rename(answer, settings)
        await assertRoom(this.#path, (identity.total ?? 0) - store.received)
        this.#mtime = settings.modified === 'server' ? lastModified(answer) : null
      },
      onBytes: (bytes) => {
        this.#meter.add(bytes)
        this.#feed.touch()
      },
      onChange: () => this.#feed.touch(),
    })
  }

  /** The server's own name for the file replaces the one from the URL. The part file keeps its name. */
  async #rename(answer: Answer, settings: Settings): Promise<void> {
    const name = nameFromDisposition(single(answer.fields, 'content-disposition'))
    if (name !== null) this.#path = join(dirname(this.#path), name)
    await refuseExisting(this.#path, settings)
  }

  async #verify(
    { store, settings }: FetchContext,
    identity: Identity | null,
    total: number,
  ): Promise<'sha-256' | 'sha-512' | null> {
    const sent = strongest(identity?.digests ?? {})
    const given = settings.checksum
    for (const [expected, whose] of [
      [sent, 'the server sent'],
      [given, 'was asked for'],
    ] as const) {
      if (expected === null) continue
      const actual = await store.digest(expected.algorithm, total)
      if (actual === expected.value) continue
      await store.forget()
      throw wrongDigest(expected, actual, whose)
    }
    return (given ?? sent)?.algorithm ?? null
  }
}

interface FetchContext {
  readonly store: Store
  readonly exchanger: Exchanger
  readonly origin: Target
  readonly isNamed: boolean
  readonly settings: Settings
}

async function refuseExisting(path: string, settings: Settings): Promise<void> {
  if ((await whatIsAt(path)) === 'nothing' || settings.existing === 'replace') return
  throw new DownloadError('ERR_DOWNLOAD_EXISTS', `${path} exists already and is left as it is`)
}

/** Is there room for `bytes` more beside `path`? */
async function assertRoom(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path)).catch((error: unknown) => {
    throw fileError(error, dirname(path))
  })
  if (bytes <= bavail * bsize) return
  const sizes = `${bytes} more bytes are announced, ${bavail * bsize} are free`
  throw new DownloadError('ERR_DOWNLOAD_DISK_FULL', `no room for ${path}: ${sizes}`)
}

function lastModified(answer: Answer): Date | null {
  const time = parseHttpDate(single(answer.fields, 'last-modified') ?? '')
  return time === null ? null : new Date(time)
}

function keepsChanging(version: number, cause: VersionChanged): DownloadError {
  const message = `the file keeps changing on the server (${version} versions seen; ${cause.message}); try later`
  return new DownloadError('ERR_DOWNLOAD_CHANGED', message, { cause })
}

function wrongDigest(expected: ExpectedDigest, actual: string, whose: string): DownloadError {
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
  const values = `${expected.algorithm} is ${hex(actual)}, the one that ${whose} is ${hex(expected.value)}`
  return new DownloadError('ERR_DOWNLOAD_DIGEST', `the file is not what it should be: its ${values}`)
}

function asDownloadError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof DownloadError) return error
  if (signal?.aborted && error === signal.reason) {
    return new DownloadError('ERR_DOWNLOAD_ABORTED', 'stopped; what was received can be resumed', {
      cause: error,
    })
  }
  return error
}
