// One request and its answer, over node:http and node:https, with redirects followed.
import type { IncomingMessage } from 'node:http'
import { Routes } from '../connect/routes.ts'
import { type Wire, wireOf } from '../connect/wire.ts'
import { retryAfter } from '../rules/backoff.ts'
import { digits, type FieldLines, fieldLines, list, single } from '../rules/field-lines.ts'
import type { ProxyEnvironment } from '../rules/proxy.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { publicUrl } from '../text/public-url.ts'
import { endsWithConnection } from './close-delimited.ts'
import { ExchangeFailure, type RequestLimits, sendRequest } from './send-request.ts'
import { redirectTarget, type Target } from './target.ts'

/** An answer whose head is here and whose body is not yet read. */
export interface Answer {
  readonly status: number
  readonly fields: FieldLines
  readonly body: IncomingMessage
  /** The proxy that passed it on and could read it, or null: what comes through a tunnel is the server's. */
  readonly proxy: URL | null
  /** Leads a long body past node:http; null where the connection has none. */
  readonly wire: Wire | null
  /** Where it came from after redirects, and what may be sent there again. */
  readonly target: Target
  /** Why it is a redirect that is not followed, to complete a sentence that begins with "the server"; else null. */
  readonly misdirection: string | null
  /** Does only the end of the connection end the body? Then a reset looks like an end. */
  readonly endsWithConnection: boolean
  /** The request's failure so far. node:http reports a reset in such a body there and nowhere else. */
  failure(): Error | null
  /** Resolves when the connection is done with this exchange, so that `failure()` is final. */
  readonly closed: Promise<void>
}

/** Settings of all exchanges of one download. */
export interface ExchangeSettings extends RequestLimits {
  readonly maxRedirects: number
  readonly proxy: string | null
  readonly env: ProxyEnvironment
}

/** A body that is not wanted is read up to this length, in bytes; a longer one costs its connection. */
const WORTH_READING = 16 * 1024

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * RFC 9110 §15.4.1: with 300, "if the server has a preferred choice, the server SHOULD generate a Location header field
 * [...]. The user agent MAY use the Location field value for automatic redirection."
 */
function isRedirect({ status, fields }: Answer): boolean {
  return REDIRECTS.has(status) || (status === 300 && fields.has('location'))
}

/** Keeps the connections of one download. Close it. */
export class Exchanger {
  readonly #settings: ExchangeSettings
  readonly #routes: Routes

  constructor(settings: ExchangeSettings) {
    this.#settings = settings
    this.#routes = new Routes(settings.proxy, settings.env)
  }

  /**
   * Sends a GET and follows redirects, as far as they lead somewhere and are not too many.
   * @throws ExchangeFailure where no answer came
   * @throws DownloadError where the proxy for a redirect's target cannot be used, or `signal` is aborted
   */
  async get(target: Target, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    let current = target
    for (let hops = 0; ; hops++) {
      const answer = await this.#send(current, fields, signal)
      if (!isRedirect(answer)) return answer
      discard(answer)
      const next = redirectTarget(current, single(answer.fields, 'location'))
      if (next === null)
        return {
          ...answer,
          misdirection: `redirects from ${publicUrl(current.url)} to nowhere that can be fetched`,
        }
      if (hops === this.#settings.maxRedirects)
        return {
          ...answer,
          misdirection: `redirects more than ${this.#settings.maxRedirects} times from ${publicUrl(target.url)}`,
        }
      current = next
    }
  }

  close(): void {
    this.#routes.close()
  }

  /**
   * RFC 9110 §9.2.2: an idempotent request may be repeated where "the underlying connection is closed before any
   * response is received", but "a client SHOULD NOT automatically retry a failed automatic retry".
   */
  async #send(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      return await this.#sendOnce(target, fields, signal)
    } catch (error) {
      if (!(error instanceof ExchangeFailure) || !error.wasReused || error.isGarbage || signal.aborted)
        throw error
      this.#routes.dropIdle()
      return await this.#sendOnce(target, fields, signal)
    }
  }

  async #sendOnce(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const route = this.#routes.to(target.url)
    const { headers } = route.options
    const { body, ...end } = await sendRequest(target.url, {
      route,
      // What the download needs comes last: a caller's field must not change the question.
      headers: { 'user-agent': 'range-get', accept: '*/*', ...target.headers, ...headers, ...fields },
      limits: this.#settings,
      signal,
    })
    const answer = answerOf(target, body, { proxy: route.proxy, ...end })
    if (route.proxy === null || answer.status !== 407) return answer
    discard(answer)
    const refusal = refusalOf(route.proxy, answer)
    throw new ExchangeFailure(refusal.message, refusal, false)
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

function answerOf(
  target: Target,
  body: IncomingMessage,
  end: Pick<Answer, 'proxy' | 'failure' | 'closed'>,
): Answer {
  const fields = fieldLines(body.rawHeaders)
  body.on('error', () => undefined) // told by failure() and by the body's end
  const wire = wireOf(body.socket)
  const status = body.statusCode ?? 0
  return {
    ...{ status, fields, body, wire, target, misdirection: null },
    endsWithConnection: endsWithConnection(body),
    ...end,
  }
}

/** Ends an answer whose body is not wanted: read where it is short, so that the connection can be used again. */
export function discard(answer: Answer): void {
  const length = digits(single(answer.fields, 'content-length'))
  if (length !== null && length <= WORTH_READING) answer.body.resume()
  else answer.body.destroy()
}
