// A download from the URL to the finished file, and the handle that its caller holds.
//
// 1. Read the options and the destination: `options.ts`, `caller/`.
// 2. Find or make the directory: `disk/output-directory.ts`. If the file is there already, end here: `finished-file.ts`.
// 3. Lock the output, and verify what an earlier run has left: `disk/store.ts`.
// 4. Fetch one version of the file into the store: `fetch-versions.ts`, `transfer/transfer.ts`.
// 5. Verify the digests of the whole file, and fetch damaged parts again: `fetch-verified.ts`, `disk/verify-digests.ts`,
//    `transfer/part-check.ts`.
// 6. Give the file its name: `disk/store.ts`. On a failure, keep what a later run can resume.
import { basename } from 'node:path'
import { onAbort } from './caller/abort-listeners.ts'
import { type CallerSignal, followSignal } from './caller/caller-signal.ts'
import { readDestination } from './caller/check-arguments.ts'
import { isMetalink } from './content/media-types.ts'
import { type Destination, Output } from './disk/destination.ts'
import { nameInTurn } from './disk/name-in-turn.ts'
import { prepareDirectory } from './disk/output-directory.ts'
import { withAdvice, withKeptBytes } from './disk/resume-message.ts'
import type { Store } from './disk/store.ts'
import type { Facts } from './disk/update-records.ts'
import type { Download } from './download-handle.ts'
import type { DownloadParts, DownloadRequest } from './download-parts.ts'
import type { DownloadProgress } from './download-progress.ts'
import type { DownloadResult, StreamedResult } from './download-result.ts'
import { DownloadError } from './errors.ts'
import { fetchVerified, type VerifiedVersion } from './fetch-verified.ts'
import { type FetchContext, Versions } from './fetch-versions.ts'
import { openStore } from './file-store.ts'
import { loadModule } from './files/load-module.ts'
import { FinishedFile, type FoundFile, factsOf, UnchangedFile, worthKeeping } from './finished-file.ts'
import { firstTarget, type Target } from './http/target.ts'
import { mirrorWarnings } from './mirror-errors.ts'
import { assertScope } from './option-scopes.ts'
import { type Settings, settingsOf } from './options.ts'
import { DownloadStatus } from './progress/download-status.ts'
import { strongTag } from './rules/validators.ts'
import type { DescriptorOutput } from './stream/descriptor-output.ts'
import type { OutputStream } from './stream/open-output.ts'
import { Warnings } from './text/warnings.ts'
import { FirstLook } from './transfer/first-look.ts'
import { Servers } from './transfer/servers.ts'

function isStream<Stream>(
  place: Destination | { readonly stream: Stream },
): place is { readonly stream: Stream } {
  return typeof place === 'object' && 'stream' in place
}

/** 401 Unauthorized, 403 Forbidden; and 404, because many servers hide what others may not see. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404])

/** Does the server not get what the caller gave for the first of several URLs? */
function areWithheld(
  { url, firstOrigin, headers: sent }: Target,
  { headers, certFile }: Pick<Settings, 'headers' | 'certFile'>,
): boolean {
  if (url.origin === firstOrigin) return false
  return certFile !== null || Object.keys(headers).some((name) => !(name in sent))
}

/** One download. It starts at once. */
export class DownloadRun implements Download<DownloadResult | StreamedResult> {
  readonly finished: Promise<DownloadResult | StreamedResult>
  readonly #status: DownloadStatus
  readonly #versions: Versions
  readonly #warnings = new Warnings()
  readonly #parts: DownloadParts

  constructor(request: DownloadRequest, parts: DownloadParts) {
    this.#parts = parts
    this.#status = new DownloadStatus(parts.onBytes)
    this.#versions = new Versions(this.#status)
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

  async #run({ url, destination, options }: DownloadRequest): Promise<DownloadResult | StreamedResult> {
    let stop: CallerSignal | null = null
    try {
      const settings = settingsOf(options)
      const place = readDestination(destination)
      const origin = firstTarget(url, settings.headers, this.#parts.secrets)
      if (areWithheld(origin, settings)) this.#warnings.add('withheld')
      stop = followSignal(settings.signal)
      stop.signal.throwIfAborted()
      const followed = { ...settings, signal: stop.signal }
      const result = isStream(place)
        ? await this.#write(origin, place.stream, followed)
        : await this.#download(origin, place, followed)
      this.#status.enter('finished')
      return result
    } catch (error) {
      this.#parts.holder.release()
      this.#status.enter('failed')
      throw withAdvice(this.#withWithheld(withKeptBytes(error, null, stop?.signal ?? null)))
    } finally {
      stop?.forget()
      this.#status.end()
    }
  }

  /** A server that refuses may have wanted what it did not get. */
  #withWithheld(error: unknown): unknown {
    const isRefusal = error instanceof DownloadError && REFUSALS.has(error.statusCode ?? 0)
    if (!isRefusal || !this.#warnings.has('withheld')) return error
    const { code, statusCode = 0, message, cause } = error
    const advice = 'Header fields and certificates are for the origin of the first URL alone'
    return new DownloadError(code, `${message}. ${advice}`, { statusCode, cause })
  }

  /** Loaded only if it is needed: most downloads are to files. */
  async #write(
    origin: Target,
    stream: OutputStream | DescriptorOutput,
    settings: Settings,
  ): Promise<StreamedResult> {
    const { downloadToStream } = await loadModule(() => import('./download-stream.ts'))
    this.#status.enter('checking')
    const { createClient } = this.#parts
    const [versions, status] = [this.#versions, this.#status]
    return await downloadToStream({ origin, stream, settings, versions, status, createClient })
  }

  async #download(origin: Target, destination: Destination, settings: Settings): Promise<DownloadResult> {
    const { existing } = settings
    const { createClient, rateLimit, holder } = this.#parts
    assertScope(settings, 'file')
    const servers = new Servers(origin, settings)
    const key = settings.resumeKey ?? origin.url.href
    const output = new Output(destination, origin.url, { existing, warnings: this.#warnings, key, holder })
    this.#status.setPath(output.path)
    this.#status.enter('checking')
    await prepareDirectory(output.folder, settings.missingDirectory)
    const client = createClient(settings, this.#warnings)
    try {
      const finished = new FinishedFile({ output, origin, client, settings, key })
      const found = await finished.find()
      if (found !== null) return await this.#unchanged(found, output)
      return await this.#fetchInto({ client, rateLimit, servers, output, settings, finished, trust: 'join' })
    } finally {
      client.close()
    }
  }

  async #fetchInto(context: Omit<FetchContext, 'store' | 'look'>): Promise<DownloadResult> {
    const { servers, client, output, settings, finished } = context
    const store = await openStore(context, {
      clock: this.#parts.clock,
      onFailure: (error) => this.#versions.fail(error),
    })
    this.#status.resumeFrom(store)
    const outputName = output.isNamed ? basename(output.path) : null
    const look = new FirstLook({ servers, store, client, settings, outputName })
    const forget = settings.signal === null ? null : onAbort(settings.signal, () => look.close())
    try {
      const result = await this.#fetchAndFinish({ ...context, store, look })
      await store.close('finished')
      return result
    } catch (error) {
      if (error instanceof UnchangedFile) {
        if (error.facts !== null) await this.#keepRecord(finished, store, error.facts)
        await store.close('stopped')
        return await this.#unchanged(error.found, output)
      }
      this.#status.setFinal(store.received, this.#versions.total)
      const kept = await store.close('stopped')
      const found = await finished.findAfter(error)
      if (found !== null) return await this.#unchanged(found, output)
      throw withKeptBytes(error, kept, settings.signal)
    } finally {
      forget?.()
      look.close()
    }
  }

  async #unchanged(found: FoundFile, output: Output): Promise<DownloadResult> {
    await output.keep()
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

  /** Warns of what is doubtful about a finished file. */
  #addWarnings({ store, servers }: FetchContext, { verified, end }: VerifiedVersion): void {
    if (verified === null && end === 'tls-closed') this.#warnings.add('end')
    if (isMetalink(store.version?.contentType ?? '')) this.#warnings.add('metalink')
    for (const sentence of mirrorWarnings(servers)) this.#warnings.addSentence(sentence)
  }

  async #fetchAndFinish(context: FetchContext): Promise<DownloadResult> {
    const { store, output, settings, finished } = context
    if (output.isNamed) output.take()
    const fetching = { versions: this.#versions, status: this.#status }
    const fetched = await fetchVerified(fetching, context)
    const { total, end, verified, modified } = fetched
    const validators = store.version?.validators ?? null
    const integrity = verified?.kind ?? (end === 'announced' ? 'length' : 'nothing')
    const isRecorded = settings.existing === 'update'
    // What a mirror says cannot be compared with what the URL says the next time.
    const isOfUrl =
      isRecorded && [null, context.servers.first.origin.url.href].some((url) => store.isFrom(url))
    const facts = isOfUrl ? await factsOf(store, { ...fetched, integrity }, settings.checksum) : null
    // A name that must be free is taken by link(2), which refuses whatever has it by then.
    const place = settings.existing === 'refuse' ? null : await output.place()
    settings.signal?.throwIfAborted()
    this.#status.setFinal(total, total)
    const named = { output, holder: this.#parts.holder, place }
    const file = { size: total, mtime: modified, isRecorded, warnings: this.#warnings }
    const name = nameInTurn(named, file)
    const mark = await store.finish(name).catch((error: unknown) => output.failed(error))
    const known = facts === null || mark === null ? null : worthKeeping({ ...facts, mark })
    if (isRecorded) await this.#keepRecord(finished, store, known)
    this.#addWarnings(context, fetched)
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
