import { representationChanged, type SendRangeError } from '../errors.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { awaitedUnlessGivenUp } from '../sources/given-up.ts'
import type { Signal } from '../sources/signal.ts'
import type { ReceivedBody } from './received-body.ts'
import type { Store, StoreAnswer } from './store.ts'
import { archived, sinceFound, upstreamFailure } from './upstream-errors.ts'
import type { Awaitable } from './upstream-settings.ts'
import { isSignatureRefused, type Verdict } from './verdict.ts'
import { isSameVersion, pinOf, type Version, versionOf } from './version.ts'

/** The requests for one object, and the version of it that an answer is about. */
export class StoredObject {
  readonly #store: Store
  readonly #path: string
  #url: URL | undefined
  /** Whether the application was asked for another URL because this one was refused, and none was accepted since. */
  #isRenewed = false
  /** Sent besides the condition. A store may forbid requests for a version by its id: then it is not. */
  #versionId: string | undefined
  #version: Version | undefined
  /** More fields of every request. */
  #fields: Readonly<Record<string, string>> = {}

  constructor(store: Store, path: string) {
    this.#store = store
    this.#path = path
  }

  /** Asks for bytes of whatever version is current; undefined if the application knows no place for the path. */
  async first(range: ByteRange | undefined, signal: Signal): Promise<StoreAnswer | undefined> {
    this.#url ??= await this.#locate(undefined, signal)
    if (this.#url === undefined) return undefined
    const answer = await this.#ask(this.#url, range, signal)
    const stored = answer.head.fields['x-goog-stored-content-encoding'] ?? 'identity'
    // GCS decompresses an object that is stored gzipped, without ranges, for clients that do not accept gzip.
    if (
      stored === 'identity' ||
      'accept-encoding' in this.#fields ||
      answer.head.fields['content-encoding'] === stored
    )
      return answer
    discard(answer)
    this.#fields = { 'accept-encoding': stored }
    return this.#ask(this.#url, range, signal)
  }

  /** All further requests are for this version. */
  pin(version: Version): void {
    this.#version = version
    this.#fields = { ...this.#fields, ...pinOf(version) }
    if (version.id === undefined || !this.#store.form.namesVersions) return
    this.#versionId = version.id
    this.#url = undefined
  }

  /**
   * Asks for bytes of the pinned version.
   *
   * @throws SendRangeError `ERR_RANGE_CHANGED` if it is not the current version any more
   */
  async more(range: ByteRange, signal: Signal): Promise<ReceivedBody> {
    const version = this.#version as Version
    const isPinned = pinOf(version) !== undefined
    const isWhole = range.first === 0 && range.last === version.size - 1
    // Nothing identifies the version: its bytes come with one request, or not at all.
    if (!isPinned && !isWhole) throw upstreamFailure(new Error('no validator to go on with'))
    const answer = await this.#pinned(isPinned ? range : undefined, signal).catch((error: unknown) => {
      throw sinceFound(error)
    })
    if (!('body' in answer)) throw failureOf(answer.verdict)
    const { verdict, head, body } = answer
    const failure = isSameVersion(version, versionOf(head, verdict.size))
      ? verdict.kind === 'whole' && !isWhole && upstreamFailure(new Error('a 200 to a range'))
      : representationChanged()
    if (!failure) return body
    body.destroy()
    throw failure
  }

  async #pinned(range: ByteRange | undefined, signal: Signal): Promise<StoreAnswer> {
    this.#url ??= await this.#locate(this.#versionId, signal)
    if (this.#url === undefined) throw representationChanged()
    const answer = await this.#ask(this.#url, range, signal)
    if (answer.verdict.kind !== 'forbidden' || this.#versionId === undefined) return answer
    // To read a version by its id is a right of its own. The condition alone is enough while the version is current.
    this.#versionId = undefined
    this.#url = undefined
    return this.#pinned(range, signal)
  }

  /** A function of the application may never return. */
  #locate(version: string | undefined, signal: Signal): Awaitable<URL | undefined> {
    return awaitedUnlessGivenUp(this.#store.form.locate(this.#path, version), signal)
  }

  async #ask(url: URL, range: ByteRange | undefined, signal: Signal): Promise<StoreAnswer> {
    const fields = this.#fields
    let answer = await this.#store.ask({ url, range, fields, signal })
    if (isSignatureRefused(answer.head) && !this.#isRenewed) {
      const renewed = await this.#locate(this.#versionId, signal)
      this.#isRenewed = true
      if (renewed === undefined || renewed.href === url.href) return answer
      this.#url = renewed
      answer = await this.#store.ask({ url: renewed, range, fields, signal })
    }
    // The new URL may expire too, during a long answer.
    if (!isSignatureRefused(answer.head)) this.#isRenewed = false
    return answer
  }
}

/** Ends an answer of which no byte is needed. */
function discard(answer: StoreAnswer): void {
  if (!('body' in answer)) return
  const { verdict, body } = answer
  body.finish(verdict.kind === 'part' ? verdict.range.last - verdict.range.first + 1 : verdict.size)
}

/** Why no bytes of a pinned version came. */
function failureOf(verdict: Verdict): SendRangeError {
  if (verdict.kind === 'changed' || verdict.kind === 'absent' || verdict.kind === 'unsatisfiable')
    return representationChanged()
  if (verdict.kind === 'archived') return archived()
  return upstreamFailure(new Error('reason' in verdict ? verdict.reason : verdict.kind))
}
