// Compares the bytes on the disk with the Content-Digest that the server has for each part of the file.
//
// No body is received: a head says what the part should be, and the body is dropped. So a check of bytes that are good
// costs a request for each part, and what the server sends before it notices.
import { onAbort } from '../caller/abort-listeners.ts'
import type { Store } from '../disk/store.ts'
import type { HttpClient } from '../http/answer.ts'
import { type Digests, type ExpectedDigest, strongest } from '../rules/digest.ts'
import { connectionFailure, type Failure, statusFailure } from '../schedule/attempt-failure.ts'
import { RetryWaits } from '../schedule/retry-waits.ts'
import { cutInto, type Interval } from '../state/blocks.ts'
import { MAX_DIGESTED_BYTES } from '../state/segments.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import { FirstBytes } from './first-bytes.ts'
import type { Server } from './server.ts'
import { ServerAccess } from './server-access.ts'
import type { TransferSettings } from './transfer-context.ts'

/** What a check works with. */
export interface PartCheckContext {
  readonly store: Store
  readonly client: HttpClient
  /** The server whose digests are compared. */
  readonly server: Server
  readonly settings: TransferSettings & { readonly stallTimeout: number; readonly signal: AbortSignal | null }
  /** The file name that the caller chose, or null. */
  readonly outputName: string | null
  /**
   * Why it checks. `'damage'`: the file is wrong, so failed requests are repeated. `'doubt'`: nothing is known to be wrong,
   * so the check ends at any failure, or when the digest of the whole file is sent.
   */
  readonly reason: 'damage' | 'doubt'
}

/** What a check has found. */
export type PartCheckResult =
  /** Every part was compared. These are not what the server has. */
  | { readonly kind: 'compared'; readonly damaged: readonly Interval[] }
  /** The server knows the digests of the whole file by now, by algorithm in base64. */
  | { readonly kind: 'whole'; readonly digests: Digests }
  /** The server does not say what the parts should be. */
  | { readonly kind: 'unknown' }

/** More would not be faster: most of the work is the hashing, here and at the server. */
const MAX_CONNECTIONS = 4

type EarlyEnd = Exclude<PartCheckResult, { kind: 'compared' }>

/** One check of some of the bytes of a file. */
export class PartCheck {
  readonly #context: PartCheckContext
  readonly #server: ServerAccess
  readonly #firstBytes: FirstBytes
  readonly #pieces: Interval[]
  readonly #damaged: Interval[] = []
  readonly #over = new AbortController()
  readonly #waits: RetryWaits
  /** Connections that have not ended. */
  #connections = 1
  #failures = 0
  /** Why the other parts need not be compared; null while they must be. */
  #end: EarlyEnd | null = null

  constructor(context: PartCheckContext, doubted: readonly Interval[]) {
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay, stallTimeout } = context.settings
    this.#context = context
    this.#server = new ServerAccess(context.server.origin)
    this.#firstBytes = new FirstBytes(stallTimeout)
    this.#pieces = cutInto(doubted, MAX_DIGESTED_BYTES)
    this.#waits = new RetryWaits({ retries, delay, maxDelay }, this.#over.signal, () => undefined)
  }

  /** Compares all parts. @throws DownloadError if the server cannot be reached, while it looks for damage */
  async run(): Promise<PartCheckResult> {
    const { signal, connections } = this.#context.settings
    const forget = signal === null ? null : onAbort(signal, () => this.#over.abort())
    try {
      // The first answer shows whether the server has digests of parts at all.
      await this.#work(1)
      const others = Math.min(connections, MAX_CONNECTIONS, this.#pieces.length)
      this.#connections = others
      await Promise.all(Array.from({ length: others }, () => this.#work(Number.POSITIVE_INFINITY)))
      signal?.throwIfAborted()
    } finally {
      forget?.()
      this.#over.abort()
    }
    return this.#end ?? { kind: 'compared', damaged: this.#damaged.sort((a, b) => a.start - b.start) }
  }

  /** Compares up to `count` parts on one connection. */
  async #work(count: number): Promise<void> {
    const { delay } = this.#context.settings
    for (let compared = 0; compared < count && this.#pieces.length > 0 && !this.#over.signal.aborted; ) {
      const failure = await this.#compareNext()
      if (failure === null) {
        compared++
        if (delay > 0) await this.#waits.sleep(delay)
        continue
      }
      // The server may not like several connections. The others compare what this one leaves.
      if (this.#connections > 1 || this.#over.signal.aborted) break
      await this.#waits.wait(++this.#failures, failure)
    }
    this.#connections--
  }

  /** Compares one part. Returns why that has failed, or null. */
  async #compareNext(): Promise<Failure | null> {
    const piece = this.#pieces.shift()
    if (piece === undefined) return null
    const failure = await this.#compare(piece)
    if (failure === null) this.#failures = 0
    else if (this.#context.reason === 'doubt' || failure.prospect !== 'passing')
      this.#stop({ kind: 'unknown' })
    else {
      this.#pieces.unshift(piece)
      this.#server.goToOrigin()
    }
    return failure
  }

  async #compare(piece: Interval): Promise<Failure | null> {
    const { reason } = this.#context
    const judged = await this.#ask(piece)
    if (this.#end !== null || this.#over.signal.aborted) return null
    if ('prospect' in judged) return judged
    const { answer, verdict } = judged
    if (verdict.kind === 'refused' || verdict.kind === 'temporary') {
      const isRefusal = verdict.kind === 'refused'
      return statusFailure(answer, { isRefusal, prospect: 'passing', retryAfterMs: verdict.wait })
    }
    const expected = verdict.kind === 'part' && verdict.end === piece.end ? strongest(verdict.digests) : null
    const isWholeKnown = verdict.kind === 'part' && strongest(verdict.validators.digests) !== null
    if (expected === null) this.#stop({ kind: 'unknown' })
    else if (isWholeKnown && reason === 'doubt')
      this.#stop({ kind: 'whole', digests: verdict.validators.digests })
    else if (!(await this.#has(piece, expected))) this.#damaged.push(piece)
    return null
  }

  async #has(piece: Interval, { algorithm, value }: ExpectedDigest): Promise<boolean> {
    return (await this.#context.store.digests([algorithm], piece)).get(algorithm) === value
  }

  /** Asks for a part, and drops its body. */
  async #ask(range: Interval): Promise<JudgedAnswer | Failure> {
    const { store, client, settings, outputName, server } = this.#context
    try {
      const judged = await fetchSegment(client, {
        target: this.#server.target,
        range,
        validators: server.validators ?? store.joinable,
        checksum: settings.checksum,
        trust: 'join',
        // Some servers answer every If-Range with the whole file. The validators are compared in any case.
        condition: 'none',
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName,
        firstBytes: this.#firstBytes,
        signal: this.#over.signal,
      })
      judged.answer.discard()
      if (judged.verdict.kind === 'part') this.#server.goTo(judged.answer.target)
      return judged
    } catch (error) {
      return connectionFailure(error)
    }
  }

  #stop(end: EarlyEnd): void {
    this.#end ??= end
    this.#over.abort()
  }
}
