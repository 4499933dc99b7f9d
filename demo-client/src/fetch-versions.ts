// The versions of a file. If it changes on the server, the next version is fetched, until one is complete.
import { basename } from 'node:path'
import { onAbort } from './caller/abort-listeners.ts'
import type { ByteStore } from './disk/byte-store.ts'
import type { Output } from './disk/destination.ts'
import type { Store } from './disk/store.ts'
import { DownloadError } from './errors.ts'
import type { FinishedFile } from './finished-file.ts'
import type { Answer, HttpClient } from './http/answer.ts'
import { giveUpServer, noServerLeft, withMirrors } from './mirror-errors.ts'
import type { Settings } from './options.ts'
import type { DownloadStatus } from './progress/download-status.ts'
import { sizeFault } from './rules/expected-file.ts'
import { single } from './rules/field-lines.ts'
import { parseHttpDate } from './rules/http-date.ts'
import type { RateLimit } from './rules/rate-limit.ts'
import type { Validators } from './rules/validators.ts'
import type { Trust } from './rules/vouched.ts'
import { VersionChanged } from './schedule/attempt-failure.ts'
import type { AcceptedAnswers } from './transfer/accepted-answers.ts'
import type { FirstLook } from './transfer/first-look.ts'
import { SegmentListener } from './transfer/segment-listener.ts'
import type { Servers } from './transfer/servers.ts'
import { Transfer } from './transfer/transfer.ts'

/** Versions that are begun before the download gives up. */
const MAX_VERSIONS = 6
/** After these, the file is fetched as one stream. */
const MAX_VERSIONS_IN_RANGES = 2

/** The beginning of what is said about a file that its caller did not expect. */
const NOT_EXPECTED = 'the file is not what it should be'

/** Where a version of a file comes from, and where its bytes go. */
export interface VersionContext {
  readonly store: ByteStore
  readonly client: HttpClient
  /** The limit that several downloads share, or null. */
  readonly rateLimit: RateLimit | null
  readonly servers: Servers
  /** Null if there can be no mirrors. */
  readonly look: FirstLook | null
  /** Null if the bytes go to a stream. */
  readonly output: Output | null
  readonly settings: Settings
  /** What is compared with the first answer of each version; null if the bytes go to a stream. */
  readonly finished: FinishedFile | null
  /** Whether answers may be joined by a digest that is only verified at the end. If not, the file comes as one stream. */
  readonly trust: Trust
}

/** Where a file comes from, and where it goes to on the disk. */
export interface FetchContext extends VersionContext {
  readonly store: Store
  readonly output: Output
  readonly finished: FinishedFile
}

/** A version whose bytes are all in the store. */
export interface FetchedVersion {
  /** Size in bytes. */
  readonly total: number
  /** What marked the end of the file. */
  readonly end: AcceptedAnswers['end']
  /** Digests of the file that were sent in heads, in trailers and in redirects, by algorithm in base64. */
  readonly digests: AcceptedAnswers['digests']
  /** The parts whose Content-Digest was verified; null if no part had one. */
  readonly proven: AcceptedAnswers['proven']
  /** Were answers joined that only a digest of the caller, or a redirect, says to be of one version? */
  readonly isJoinedOnTrust: boolean
  /** The date for the file, or null for the time of the download. */
  readonly modified: Date | null
}

/** Fetches the file of one download. It can be paused at any time, even before it begins. */
export class Versions {
  readonly #status: DownloadStatus
  /** The current transfer, or the last one. */
  #transfer: Transfer | null = null
  #isPaused = false
  #modified: Date | null = null

  constructor(status: DownloadStatus) {
    this.#status = status
  }

  /** Size of the file in bytes, or null while it is unknown. */
  get total(): number | null {
    return this.#transfer?.total ?? null
  }

  pause(): void {
    this.#isPaused = true
    this.#transfer?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#transfer?.resume()
  }

  /** There is room for more bytes in the store. */
  useRoom(): void {
    this.#transfer?.useRoom()
  }

  /** Ends the current transfer: {@link fetch} throws `error`. */
  fail(error: unknown): void {
    this.#transfer?.fail(error)
  }

  /** Fetches until one version is complete. Starts over if the file changes. @throws DownloadError */
  async fetch(context: VersionContext): Promise<FetchedVersion> {
    const { signal, onSegment } = context.settings
    const listener = new SegmentListener(onSegment, (error) => this.fail(error))
    for (let version = 1; ; version++) {
      const choice = await context.look?.choose()
      if (choice === 'nobody') throw noServerLeft(context.servers)
      if (choice === 'started-over')
        this.#status.startOver('the servers that are left have another file, as far as is known')
      const transfer = this.#begin(context, { version, listener })
      const stop = (): void => transfer.fail(signal?.reason)
      const forget = signal === null ? null : onAbort(signal, stop)
      if (context.look !== null)
        context.look.onOtherFile = (reason) => transfer.fail(new VersionChanged(reason))
      try {
        if (signal?.aborted) stop()
        await transfer.run()
        await listener.done(signal)
        const { end, digests, proven, isJoinedOnTrust } = transfer.answers
        const total = transfer.total ?? 0
        return { total, end, digests, proven, isJoinedOnTrust, modified: this.#modified }
      } catch (failure) {
        const isLast = failure instanceof VersionChanged && version >= MAX_VERSIONS
        const error = isLast ? keepsChanging(version, failure) : failure
        const [failed = context.servers.reference] = context.servers.joined
        if (giveUpServer(context.servers, error)) {
          this.#status.startOver(`${failed.name} failed`)
          context.look?.forget()
          version = 0 // those of this server say nothing about the next one
          continue
        }
        if (failure instanceof VersionChanged && !context.store.canStartOver) throw changedAfterBytes(failure)
        if (!(error instanceof VersionChanged)) throw withMirrors(error, context.servers)
        this.#status.startOver(error.message)
        context.servers.beginVersion()
        context.look?.forget()
        await context.store.forget()
      } finally {
        forget?.()
      }
    }
  }

  #begin(
    context: VersionContext,
    { version, listener }: { version: number; listener: SegmentListener },
  ): Transfer {
    const { store, client, rateLimit, servers, output, settings, trust } = context
    const mode = trust === 'join' && version <= MAX_VERSIONS_IN_RANGES ? 'ranges' : 'whole'
    if (mode === 'whole') servers.useOne()
    const transfer = new Transfer({
      settings,
      store,
      client,
      rateLimit,
      servers,
      outputName: output?.isNamed ? basename(output.path) : null,
      mode,
      trust,
      onVersion: (validators, answer) => this.#accept(context, validators, answer),
      onBytes: (bytes) => this.#status.addBytes(bytes),
      onSegment: (report) => listener.call(report),
      onChange: () => this.#status.changed(),
    })
    this.#transfer = transfer
    if (this.#isPaused) transfer.pause()
    this.#status.followTransfer(transfer)
    return transfer
  }

  /** Called before the first bytes of a version are received. @throws DownloadError if they cannot be stored */
  async #accept(
    { store, servers, output, settings, finished }: VersionContext,
    validators: Validators,
    answer: Answer,
  ): Promise<void> {
    if (output === null) return
    if (!output.isNamed) {
      output.rename(single(answer.fields, 'content-disposition'))
      this.#status.setPath(output.path)
      await output.place()
    }
    const fault = validators.total === null ? null : sizeFault(settings.expected, validators.total)
    if (fault !== null) throw new DownloadError('ERR_DOWNLOAD_DIGEST', `${NOT_EXPECTED}: it ${fault}`)
    // The validators of a mirror cannot be compared with those that the URL once had.
    if (servers.reference === servers.first) await finished?.compare(validators)
    await output.assertRoom((validators.total ?? 0) - store.received)
    this.#modified = settings.modified === 'server' ? lastModified(answer) : null
  }
}

function lastModified(answer: Answer): Date | null {
  const time = parseHttpDate(single(answer.fields, 'last-modified') ?? '')
  return time === null ? null : new Date(time)
}

/** The bytes of two versions make no file. */
function changedAfterBytes(cause: VersionChanged): DownloadError {
  const message = `the file has changed on the server, and bytes of the old one were written (${cause.message})`
  return new DownloadError('ERR_DOWNLOAD_CHANGED', message, { cause })
}

function keepsChanging(version: number, cause: VersionChanged): DownloadError {
  const message = `the file keeps changing on the server (${version} versions seen; ${cause.message}); try later`
  return new DownloadError('ERR_DOWNLOAD_CHANGED', message, { cause })
}
