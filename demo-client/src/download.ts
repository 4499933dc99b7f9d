// A download from the URL to the finished file, and the handle that its caller holds.
//
// 1. Read the options and the destination: `options.ts`, `caller/`.
// 2. Find or make the directory: `disk/output-directory.ts`. If the file is there already, end here: `finished-file.ts`.
// 3. Lock the output, and verify what an earlier run has left: `disk/store.ts`.
// 4. Fetch one version of the file into the store: `fetch-versions.ts`, `transfer/transfer.ts`.
// 5. Verify the digests of the whole file, and fetch damaged parts again: `fetch-verified.ts`, `disk/verify-digests.ts`,
//    `transfer/part-check.ts`.
// 6. Give the file its name: `disk/store.ts`. On a failure, keep what a later run can resume.
import { type CallerSignal, followSignal } from './caller/caller-signal.ts'
import { readDestination } from './caller/check-arguments.ts'
import { type Destination, Output } from './disk/destination.ts'
import { prepareDirectory } from './disk/output-directory.ts'
import { withAdvice, withKeptBytes } from './disk/resume-message.ts'
import { Store } from './disk/store.ts'
import type { Facts } from './disk/update-records.ts'
import type { DownloadProgress } from './download-progress.ts'
import type { DownloadResult } from './download-result.ts'
import { fetchVerified } from './fetch-verified.ts'
import { type FetchContext, Versions } from './fetch-versions.ts'
import type { Clock } from './files/direct-writes.ts'
import { FinishedFile, type FoundFile, factsOf, UnchangedFile, worthKeeping } from './finished-file.ts'
import type { HttpClient } from './http/answer.ts'
import { NodeClient } from './http/node-client.ts'
import { firstTarget, type Target } from './http/target.ts'
import { type DownloadOptions, type Settings, settingsOf } from './options.ts'
import { DownloadStatus } from './progress/download-status.ts'
import { strongTag } from './rules/validators.ts'
import { Warnings } from './text/warnings.ts'

/** A running download. Iterate over it for progress, and await `finished` for the end. */
export interface Download extends AsyncIterable<DownloadProgress> {
  /** Resolves when the file is complete, verified and has its name. @throws DownloadError */
  readonly finished: Promise<DownloadResult>
  /** The newest progress. */
  readonly progress: DownloadProgress
  /** Receives no more bytes, except the end of a segment that is almost complete. */
  pause(): void
  /** Goes on after `pause()`. */
  resume(): void
}

/** Modes of a part file. A file that it will replace may be for its owner only. */
const OWN = 0o600
const FOR_ALL = 0o666

/**
 * Starts to download `url`. The file gets its name only when it is complete and verified. Until then the bytes are in
 * `PATH.part`, and the next call with the same URL (or `resumeKey`) and path resumes there. Wrong options are reported
 * through `finished`, too.
 */
export function download(
  url: string | URL,
  destination: Destination,
  options: DownloadOptions = {},
): Download {
  return startDownload({ url, destination, options })
}

/** The arguments of {@link download}. */
export interface DownloadRequest {
  readonly url: string | URL
  readonly destination: Destination
  readonly options: DownloadOptions
}

/** What a test can replace. */
export interface DownloadParts {
  /** Makes the transport. */
  readonly createClient: (settings: Settings) => HttpClient
  /** Measures whether bytes come fast. */
  readonly clock: Clock
}

/** As {@link download}, with other parts. */
export function startDownload(request: DownloadRequest, parts: Partial<DownloadParts> = {}): Download {
  return new Run(request, { createClient: nodeClient, clock: performance, ...parts })
}

function nodeClient({ connectTimeout, stallTimeout, maxRedirects, proxy }: Settings): HttpClient {
  return new NodeClient({
    connectTimeout,
    headTimeout: stallTimeout,
    maxRedirects,
    proxy,
    env: process.env,
  })
}

class Run implements Download {
  readonly finished: Promise<DownloadResult>
  readonly #status = new DownloadStatus()
  readonly #versions = new Versions(this.#status)
  readonly #warnings = new Warnings()
  readonly #parts: DownloadParts

  constructor(request: DownloadRequest, parts: DownloadParts) {
    this.#parts = parts
    this.finished = this.#run(request)
    this.finished.catch(() => undefined) // a caller who only iterates must not crash the process
  }

  [Symbol.asyncIterator](): AsyncGenerator<DownloadProgress, void, undefined> {
    return this.#status.snapshots()
  }

  get progress(): DownloadProgress {
    return this.#status.progress
  }

  pause(): void {
    this.#versions.pause()
  }

  resume(): void {
    this.#versions.resume()
  }

  async #run({ url, destination, options }: DownloadRequest): Promise<DownloadResult> {
    let stop: CallerSignal | null = null
    try {
      const settings = settingsOf(options)
      const place = readDestination(destination)
      const origin = firstTarget(url, settings.headers)
      stop = followSignal(settings.signal)
      stop.signal.throwIfAborted()
      const result = await this.#download(origin, place, { ...settings, signal: stop.signal })
      this.#status.enter('finished')
      return result
    } catch (error) {
      this.#status.enter('failed')
      throw withAdvice(withKeptBytes(error, null, stop?.signal ?? null))
    } finally {
      stop?.forget()
      this.#status.end()
    }
  }

  async #download(origin: Target, destination: Destination, settings: Settings): Promise<DownloadResult> {
    const { existing } = settings
    const key = settings.resumeKey ?? origin.url.href
    const output = new Output(destination, origin.url, { existing, warnings: this.#warnings, key })
    this.#status.setPath(output.path)
    this.#status.enter('checking')
    await prepareDirectory(output.folder, settings.missingDirectory)
    const client = this.#parts.createClient(settings)
    try {
      const finished = new FinishedFile({ output, origin, client, settings, key })
      const found = await finished.find()
      if (found !== null) return this.#unchanged(found, output)
      return await this.#fetchInto({ client, origin, output, settings, finished, trust: 'join' })
    } finally {
      client.close()
    }
  }

  async #fetchInto(context: Omit<FetchContext, 'store'>): Promise<DownloadResult> {
    const { output, settings, finished } = context
    const store = await this.#openStore(context)
    this.#status.resumeFrom(store)
    try {
      const result = await this.#fetchAndFinish({ ...context, store })
      await store.close('finished')
      return result
    } catch (error) {
      if (error instanceof UnchangedFile) {
        if (error.facts !== null) await this.#keepRecord(finished, store, error.facts)
        await store.close('stopped')
        return this.#unchanged(error.found, output)
      }
      this.#status.setFinal(store.received, this.#versions.total)
      throw withKeptBytes(error, await store.close('stopped'), settings.signal)
    }
  }

  #unchanged(found: FoundFile, output: Output): DownloadResult {
    this.#status.setPath(output.path)
    this.#status.foundFinished(found.size)
    return {
      path: output.path,
      outcome: 'unchanged',
      ...found,
      resumed: found.size,
      ...this.#status.times,
      warnings: this.#warnings.sentences,
    }
  }

  async #keepRecord(finished: FinishedFile, store: Store, facts: Facts | null): Promise<void> {
    if (!(await finished.keepRecord(store, facts))) this.#warnings.add('record')
  }

  async #openStore({
    origin,
    output,
    settings,
  }: Pick<FetchContext, 'origin' | 'output' | 'settings'>): Promise<Store> {
    const place = output.isNamed ? await output.place() : null
    return await Store.open({
      path: place?.path ?? output.path,
      mode: place?.kind === 'file' ? OWN : FOR_ALL,
      naming: output.isNamed ? 'chosen' : 'suggested',
      key: settings.resumeKey ?? origin.url.href,
      resume: settings.resume,
      isReadAgain: settings.checksum !== null || settings.existing === 'update',
      signal: settings.signal,
      clock: this.#parts.clock,
      onFailure: (error) => this.#versions.fail(error),
    })
  }

  async #fetchAndFinish(context: FetchContext): Promise<DownloadResult> {
    const { store, output, settings, finished } = context
    const fetching = { versions: this.#versions, status: this.#status }
    const fetched = await fetchVerified(fetching, context)
    const { total, end, verified, modified } = fetched
    const validators = store.version?.validators ?? null
    const integrity = verified?.kind ?? (end === 'announced' ? 'length' : 'nothing')
    const isRecorded = settings.existing === 'update'
    const facts = isRecorded ? await factsOf(store, { ...fetched, integrity }, settings.checksum) : null
    const place = await output.place()
    settings.signal?.throwIfAborted()
    this.#status.setFinal(total, total)
    const mark = await store.finish(total, {
      path: place.path,
      existing: settings.existing === 'refuse' ? 'refuse' : 'replace',
      previous: place.kind === 'file' ? place.stats : null,
      mtime: modified,
      warnings: this.#warnings,
    })
    if (isRecorded)
      await this.#keepRecord(
        finished,
        store,
        facts === null || mark === null ? null : worthKeeping({ ...facts, mark }),
      )
    if (verified === null && end === 'tls-closed') this.#warnings.add('end')
    return {
      path: output.path,
      outcome: 'downloaded',
      size: total,
      etag: validators === null ? null : strongTag(validators),
      resumed: this.#status.resumed,
      ...this.#status.times,
      integrity,
      digest: verified?.algorithm ?? null,
      warnings: this.#warnings.sentences,
    }
  }
}
