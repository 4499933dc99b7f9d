// The way of a download from the URL to the finished file, and the handle its caller holds.

import { basename } from 'node:path'
import { onAbort } from './abort-listeners.ts'
import { assertDestination } from './check-arguments.ts'
import { strongest } from './digest.ts'
import type { DownloadResult } from './download-result.ts'
import { DownloadError } from './errors.ts'
import { type Answer, Exchanger } from './exchange.ts'
import { VersionChanged } from './failure.ts'
import { single } from './field-lines.ts'
import { parseHttpDate } from './http-date.ts'
import { strongTag } from './identity.ts'
import { type DownloadOptions, type Settings, settingsOf } from './options.ts'
import { type Destination, Output } from './output.ts'
import type { DownloadProgress } from './progress.ts'
import { firstTarget, type Target } from './request-target.ts'
import { Shortfalls } from './shortfall.ts'
import { Standing } from './standing.ts'
import { Store } from './store.ts'
import { Transfer } from './transfer.ts'
import { verifyDigests } from './whole-digest.ts'

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

/** Modes of a part file: what it replaces may be for its owner only, and gives it its mode at the end. */
const OWN = 0o600
const FOR_ALL = 0o666
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
  readonly #standing = new Standing()
  #transfer: Transfer | null = null
  readonly #shortfalls = new Shortfalls()
  #isPaused = false
  #mtime: Date | null = null

  constructor(url: string | URL, destination: Destination, options: DownloadOptions) {
    this.finished = this.#run(url, destination, options)
    this.finished.catch(() => undefined) // whoever only iterates must not crash the process
  }

  [Symbol.asyncIterator](): AsyncGenerator<DownloadProgress, void, undefined> {
    return this.#standing.snapshots()
  }

  get progress(): DownloadProgress {
    return this.#standing.progress
  }

  pause(): void {
    this.#isPaused = true
    this.#transfer?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#standing.forgetSpeed()
    this.#transfer?.resume()
  }

  async #run(url: string | URL, destination: Destination, options: DownloadOptions): Promise<DownloadResult> {
    try {
      const settings = settingsOf(options)
      assertDestination(destination)
      const origin = firstTarget(url, settings.headers)
      settings.signal?.throwIfAborted()
      const result = await this.#download(origin, destination, settings)
      this.#standing.enter('finished')
      return result
    } catch (error) {
      this.#standing.enter('failed')
      throw asDownloadError(error, options?.signal)
    } finally {
      this.#standing.end()
    }
  }

  async #download(origin: Target, destination: Destination, settings: Settings): Promise<DownloadResult> {
    const { existing } = settings
    const output = new Output(destination, origin.url, { existing, shortfalls: this.#shortfalls })
    this.#standing.enter('checking')
    const finished = output.isNamed ? await this.#findFinished(output, settings) : null
    if (finished !== null) return finished
    const place = output.isNamed ? await output.place() : null
    const store = await Store.open({
      path: place?.path ?? output.path,
      mode: place?.kind === 'file' ? OWN : FOR_ALL,
      naming: output.isNamed ? 'chosen' : 'suggested',
      key: settings.resumeKey ?? origin.url.href,
      resume: settings.resume,
      isReadAgain: settings.checksum !== null,
      signal: settings.signal,
      onFailure: (error) => this.#transfer?.fail(error),
    })
    this.#standing.resume(store)
    const { connectTimeout, stallTimeout, maxRedirects, proxy } = settings
    const exchanger = new Exchanger({
      connectTimeout,
      headTimeout: stallTimeout,
      maxRedirects,
      proxy,
      env: process.env,
    })
    try {
      const result = await this.#fetchAndFinish({ store, exchanger, origin, output, settings })
      await store.close('finished')
      return result
    } catch (error) {
      this.#standing.settle(store.received, this.#transfer?.total ?? null)
      await store.close('stopped').catch(() => undefined) // the first failure is the one to tell
      throw error
    } finally {
      exchanger.close()
    }
  }

  /** A file that has the given checksum already is what was asked for. */
  async #findFinished(output: Output, { checksum, signal }: Settings): Promise<DownloadResult | null> {
    const size = checksum === null ? null : await output.finishedSize(checksum, signal)
    if (checksum === null || size === null) return null
    this.#standing.find(size)
    const { algorithm: digest } = checksum
    return { path: output.path, size, etag: null, resumed: size, integrity: 'digest', digest, warnings: [] }
  }

  async #fetchAndFinish(context: FetchContext): Promise<DownloadResult> {
    const { store, output, settings } = context
    const transfer = await this.#fetchVersions(context)
    this.#standing.enter('verifying')
    const total = transfer.total ?? 0
    const identity = store.version?.identity ?? null
    const sent = strongest(identity?.digests ?? {})
    const digest = await verifyDigests(store, total, { sent, given: settings.checksum })
    const place = await output.place()
    settings.signal?.throwIfAborted()
    this.#standing.settle(total, total)
    await store.finish(total, {
      path: place.path,
      existing: settings.existing,
      previous: place.kind === 'file' ? place.stats : null,
      mtime: this.#mtime,
      shortfalls: this.#shortfalls,
    })
    if (digest === null && transfer.end === 'tls-closed') this.#shortfalls.note('end')
    return {
      path: output.path,
      size: total,
      etag: identity === null ? null : strongTag(identity),
      resumed: this.#standing.resumed,
      integrity: digest !== null ? 'digest' : transfer.end === 'announced' ? 'length' : 'nothing',
      digest,
      warnings: this.#shortfalls.warnings,
    }
  }

  /** Fetches, beginning anew where the file changes, until one version is complete. */
  async #fetchVersions(context: FetchContext): Promise<Transfer> {
    for (let version = 1; ; version++) {
      const transfer = this.#newTransfer(context, version)
      this.#transfer = transfer
      this.#standing.transfer = transfer
      if (this.#isPaused) transfer.pause()
      this.#standing.enter('downloading')
      const { signal } = context.settings
      const stop = (): void => transfer.fail(signal?.reason)
      const forget = signal === null ? null : onAbort(signal, stop)
      try {
        if (signal?.aborted) stop()
        await transfer.run()
        return transfer
      } catch (error) {
        if (!(error instanceof VersionChanged)) throw error
        if (version >= MOST_VERSIONS) throw keepsChanging(version, error)
        this.#standing.startOver(error.message)
        await context.store.forget()
      } finally {
        forget?.()
      }
    }
  }

  #newTransfer({ store, exchanger, origin, output, settings }: FetchContext, version: number): Transfer {
    return new Transfer({
      settings,
      store,
      exchanger,
      origin,
      outputName: output.isNamed ? basename(output.path) : null,
      mode: version <= VERSIONS_IN_RANGES ? 'ranges' : 'whole',
      onVersion: async (identity, answer) => {
        if (!output.isNamed) {
          output.rename(single(answer.fields, 'content-disposition'))
          await output.place()
        }
        await output.assertRoom((identity.total ?? 0) - store.received)
        this.#mtime = settings.modified === 'server' ? lastModified(answer) : null
      },
      onBytes: (bytes) => this.#standing.count(bytes),
      onChange: () => this.#standing.touch(),
    })
  }
}

interface FetchContext {
  readonly store: Store
  readonly exchanger: Exchanger
  readonly origin: Target
  readonly output: Output
  readonly settings: Settings
}

function lastModified(answer: Answer): Date | null {
  const time = parseHttpDate(single(answer.fields, 'last-modified') ?? '')
  return time === null ? null : new Date(time)
}

function keepsChanging(version: number, cause: VersionChanged): DownloadError {
  const message = `the file keeps changing on the server (${version} versions seen; ${cause.message}); try later`
  return new DownloadError('ERR_DOWNLOAD_CHANGED', message, { cause })
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
