// The client over node:http and node:https. It follows redirects.
import type { HostSlots, ReleaseSlot } from '../connect/host-slots.ts'
import { Routes } from '../connect/routes.ts'
import type { Party, TrustFiles } from '../connect/trust.ts'
import { retryAfter } from '../rules/backoff.ts'
import { list, single } from '../rules/field-lines.ts'
import type { ProxyEnvironment } from '../rules/proxy.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { publicUrl } from '../text/public-url.ts'
import { type Answer, type HttpClient, RequestFailure } from './answer.ts'
import { linkedBy } from './linked-by.ts'
import type { FindCredentials } from './netrc-file.ts'
import { NodeAnswer } from './node-answer.ts'
import { RedirectCookies } from './redirect-cookies.ts'
import {
  type NodeExchange,
  type RequestLimits,
  ReusedConnectionFailure,
  sendRequest,
} from './send-request.ts'
import { fieldNamed, redirectTarget, type Target } from './target.ts'

/** Settings of all requests of one download. */
export interface NodeClientSettings extends RequestLimits {
  readonly maxRedirects: number
  readonly proxy: string | null
  readonly trust: TrustFiles
  /** Null: only what the caller or a URL says is sent. */
  readonly credentials: FindCredentials | null
  readonly env: ProxyEnvironment
}

/** What the clients of several downloads share. It is not closed with one of them. */
export interface SharedConnections {
  readonly routes: Routes
  readonly slots: HostSlots
  /** The longest time for which a host may hold off the requests of all downloads, in ms. */
  readonly maxHoldMs: number
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * RFC 9110 §15.4.1, of 300: "If the server has a preferred choice, the server SHOULD generate a Location header field […].
 * The user agent MAY use the Location field value for automatic redirection."
 */
function isRedirect({ status, fields }: Answer): boolean {
  return REDIRECTS.has(status) || (status === 300 && fields.has('location'))
}

/** RFC 6585 §4 and RFC 9110 §15.6.4: too many requests, or overloaded. Both may come with Retry-After. */
const OVERLOADED: ReadonlySet<number> = new Set([429, 503])

/** Keeps the connections of one download, or uses those that several share. */
export class NodeClient implements HttpClient {
  readonly #settings: NodeClientSettings
  readonly #routes: Routes
  readonly #cookies = new RedirectCookies()
  readonly #shared: SharedConnections | null
  /** Exchanges on shared connections that are not over. */
  readonly #open = new Set<NodeExchange>()

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file of `trust` cannot be used */
  constructor(settings: NodeClientSettings, shared: SharedConnections | null = null) {
    this.#settings = settings
    this.#shared = shared
    this.#routes = shared?.routes ?? new Routes(settings.proxy, settings.trust, settings.env)
  }

  get isQueued(): boolean {
    return this.#shared?.slots.isQueued(this) ?? false
  }

  async get(target: Target, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const { maxRedirects } = this.#settings
    let current = target
    for (let hops = 0; ; hops++) {
      const answer = await this.#send(current, fields, signal)
      if (!isRedirect(answer)) return answer
      await this.#cookies.learn(answer)
      const linked = await linkedBy(answer, current.linked, this.#settings.headTimeout)
      answer.discard()
      const next = redirectTarget(current, single(answer.fields, 'location'), linked)
      if (next === null)
        return answer.misdirected(`redirects from ${publicUrl(current.url)} to a URL that cannot be fetched`)
      if (hops === maxRedirects)
        return answer.misdirected(`redirects more than ${maxRedirects} times from ${publicUrl(target.url)}`)
      current = next
    }
  }

  close(): void {
    if (this.#shared === null) this.#routes.close()
    for (const { message } of this.#open) message.destroy() // a body that is discarded, for example
  }

  /**
   * RFC 9110 §9.2.2: an idempotent request may be repeated where "the underlying connection is closed before any
   * response is received", but: "A client SHOULD NOT automatically retry a failed automatic retry."
   */
  async #send(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<NodeAnswer> {
    try {
      return await this.#sendOnce(target, fields, signal)
    } catch (error) {
      const isStale = error instanceof ReusedConnectionFailure && error.fault === 'connection'
      if (!isStale || signal.aborted) throw error
      this.#routes.dropIdle()
      return await this.#sendOnce(target, fields, signal)
    }
  }

  async #sendOnce(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<NodeAnswer> {
    if (this.#shared === null)
      return await this.#exchange(target, fields, signal).then(({ answer }) => answer)
    const { slots, maxHoldMs } = this.#shared
    const release = await this.#takeSlot(slots, target, signal)
    try {
      const { answer, exchange } = await this.#exchange(target, fields, signal)
      const waitMs = retryAfter(answer.fields) ?? 0
      if (!OVERLOADED.has(answer.status)) slots.answered(target.url)
      else slots.refused(target.url, waitMs > maxHoldMs ? 0 : waitMs)
      this.#releaseAfter(exchange, release)
      return answer
    } catch (error) {
      release()
      throw error
    }
  }

  async #takeSlot(slots: HostSlots, { url }: Target, signal: AbortSignal): Promise<ReleaseSlot> {
    return await slots.take(url, this, signal).catch(() => {
      throw new RequestFailure('the request was aborted', 'connection', null)
    })
  }

  #releaseAfter(exchange: NodeExchange, release: ReleaseSlot): void {
    this.#open.add(exchange)
    void exchange.closed.then(() => {
      this.#open.delete(exchange)
      release()
    })
  }

  async #exchange(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: NodeAnswer; readonly exchange: NodeExchange }> {
    const party = target.url.origin === target.firstOrigin ? 'origin' : 'other'
    const route = this.#routes.to(target.url, party)
    const { headers } = route.options
    const cookies = await this.#cookies.fieldFor(target)
    const exchange = await sendRequest(target.url, {
      route,
      // The fields of the download come last, so that a field of the caller cannot change the request.
      headers: {
        'user-agent': 'range-get',
        accept: '*/*',
        ...this.#credentialsFor(target, party),
        ...target.headers,
        ...cookies,
        ...headers,
        ...fields,
      },
      limits: this.#settings,
      signal,
    })
    const answer = new NodeAnswer(exchange, { target, proxy: route.proxy, misdirection: null })
    if (route.proxy === null || answer.status !== 407) return { answer, exchange }
    answer.discard()
    const refusal = refusalOf(route.proxy, answer)
    throw new RequestFailure(refusal.message, 'connection', refusal)
  }

  /** What the caller or the URL says comes first. */
  #credentialsFor({ url, headers }: Target, party: Party): { readonly authorization?: string } {
    const { credentials } = this.#settings
    if (credentials === null || fieldNamed(headers, 'authorization') !== null) return {}
    const authorization = credentials(url, party)
    return authorization === null ? {} : { authorization }
  }
}

/** RFC 9110 §15.5.8: 407 "indicates that the client needs to authenticate itself in order to use a proxy". */
function refusalOf(proxy: URL, { status, fields }: Answer): ProxyError {
  return new ProxyError(proxy, {
    status,
    challenge: list(fields, 'proxy-authenticate'),
    wait: retryAfter(fields),
  })
}
