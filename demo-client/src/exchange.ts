// One request and its answer, over node:http and node:https, with redirects followed.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { HttpsProxyAgent } from 'https-proxy-agent'
import { DownloadError } from './errors.ts'
import { digits, type FieldLines, fieldLines, single } from './field-lines.ts'
import { type ProxyEnvironment, proxyFor } from './proxy.ts'
import { publicUrl } from './public-url.ts'
import { basic, redirectTarget, type Target } from './request-target.ts'
import { type Wire, wired, wireOf } from './wire.ts'

/** An answer whose head is here and whose body is not yet read. */
export interface Answer {
  readonly status: number
  readonly fields: FieldLines
  readonly body: IncomingMessage
  /** Leads a long body past node:http; null where the connection has none. */
  readonly wire: Wire | null
  /** Where it came from after redirects, and what may be sent there again. */
  readonly target: Target
  /** Does only the end of the connection end the body? Then a reset looks like an end. */
  readonly endsWithConnection: boolean
  /** The request's failure so far. node:http reports a reset in such a body there and nowhere else. */
  failure(): Error | null
  /** Resolves when the connection is done with this exchange, so that `failure()` is final. */
  readonly closed: Promise<void>
}

/** Settings of all exchanges of one download; times in ms. */
export interface ExchangeSettings {
  readonly connectTimeout: number
  /** From the request to the last byte of the answer's head. */
  readonly headTimeout: number
  readonly maxRedirects: number
  readonly proxy: string | null
  readonly env: ProxyEnvironment
}

/** A body that is not wanted is read up to this length, in bytes; a longer one costs its connection. */
const WORTH_READING = 16 * 1024

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Thrown where nothing of an answer came: the connection failed. `isGarbage`: what came was not HTTP. */
export class ExchangeFailure extends Error {
  readonly isGarbage: boolean
  /** The connection had served a request before; the server may simply have closed it meanwhile. */
  readonly wasReused: boolean

  constructor(message: string, cause: Error | null, wasReused: boolean) {
    super(message, cause === null ? undefined : { cause })
    this.wasReused = wasReused
    this.isGarbage = cause !== null && 'code' in cause && String(cause.code).startsWith('HPE_')
  }
}

/** Keeps the connections of one download. Close it. */
export class Exchanger {
  readonly #settings: ExchangeSettings
  readonly #http = wired(new HttpAgent({ keepAlive: true }))
  readonly #https = wired(new HttpsAgent({ keepAlive: true }))
  readonly #tunnels = new Map<string, HttpsProxyAgent<string>>()

  constructor(settings: ExchangeSettings) {
    this.#settings = settings
  }

  /**
   * Sends a GET and follows redirects.
   * @throws ExchangeFailure where no answer came
   * @throws DownloadError where redirects lead nowhere, or `signal` is aborted
   */
  async get(target: Target, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    let current = target
    for (let hops = 0; ; hops++) {
      const answer = await this.#send(current, fields, signal)
      if (!REDIRECTS.has(answer.status)) return answer
      discard(answer)
      const next = redirectTarget(current, single(answer.fields, 'location'))
      if (next === null)
        throw redirectError(`${publicUrl(current.url)} redirects to nowhere that can be fetched`)
      if (hops === this.#settings.maxRedirects) {
        throw redirectError(
          `${publicUrl(target.url)} redirects more than ${this.#settings.maxRedirects} times`,
        )
      }
      current = next
    }
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
    for (const tunnel of this.#tunnels.values()) tunnel.destroy()
  }

  async #route(url: URL): Promise<RequestOptions> {
    const proxy = proxyFor(url, this.#settings.proxy, this.#settings.env)
    if (url.protocol === 'https:') return { agent: proxy === null ? this.#https : await this.#tunnel(proxy) }
    if (proxy === null) return { agent: this.#http }
    const authorization = proxy.username === '' ? {} : { 'proxy-authorization': basic(proxy) }
    return {
      agent: proxy.protocol === 'https:' ? this.#https : this.#http,
      protocol: proxy.protocol,
      hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port,
      path: url.href,
      headers: { host: url.host, ...authorization },
    }
  }

  async #tunnel(proxy: URL): Promise<HttpsProxyAgent<string>> {
    // Not before it is needed: loading it takes a fifth of the command's start.
    const { HttpsProxyAgent } = await import('https-proxy-agent')
    const known = this.#tunnels.get(proxy.href)
    if (known !== undefined) return known
    const tunnel = new HttpsProxyAgent(proxy.href, { keepAlive: true })
    this.#tunnels.set(proxy.href, tunnel)
    return tunnel
  }

  async #send(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { connectTimeout, headTimeout } = this.#settings
    const { headers, ...route } = await this.#route(target.url)
    const options: RequestOptions = {
      ...route,
      // What the download needs comes last: a caller's field must not change the question.
      headers: { 'user-agent': 'range-get', accept: '*/*', ...target.headers, ...headers, ...fields },
      signal,
    }
    const isTls = (route.protocol ?? target.url.protocol) === 'https:'
    return new Promise((resolve, reject) => {
      const request = isTls ? httpsRequest(target.url, options) : httpRequest(target.url, options)
      let failure: Error | null = null
      const giveUp = (what: string, after: number): NodeJS.Timeout =>
        setTimeout(() => request.destroy(new Error(`${what} within ${after / 1000} s`)), after)
      const connecting = giveUp('no connection', connectTimeout)
      let waiting: NodeJS.Timeout | undefined
      const connected = (): void => {
        clearTimeout(connecting)
        waiting ??= giveUp('no answer', headTimeout)
      }
      const closed = new Promise<void>((done) => {
        request.once('close', () => {
          clearTimeout(connecting)
          clearTimeout(waiting)
          done()
        })
      })
      request.once('socket', (socket) => {
        if (request.reusedSocket || (!isTls && !socket.connecting)) connected()
        else socket.once(isTls ? 'secureConnect' : 'connect', connected)
      })
      request.on('error', (error) => {
        failure = error
        reject(new ExchangeFailure(error.message, error, request.reusedSocket))
      })
      request.once('response', (body) => {
        clearTimeout(connecting)
        clearTimeout(waiting)
        resolve(answerOf(target, body, { failure: () => failure, closed }))
      })
      request.end()
    })
  }
}

function answerOf(target: Target, body: IncomingMessage, end: Pick<Answer, 'failure' | 'closed'>): Answer {
  const fields = fieldLines(body.rawHeaders)
  const isFramed = fields.has('content-length') || fields.has('transfer-encoding')
  body.on('error', () => undefined) // told by failure() and by the body's end
  const wire = wireOf(body.socket)
  return { status: body.statusCode ?? 0, fields, body, wire, target, endsWithConnection: !isFramed, ...end }
}

/** Ends an answer whose body is not wanted: read where it is short, so that the connection can be used again. */
export function discard(answer: Answer): void {
  const length = digits(single(answer.fields, 'content-length'))
  if (length !== null && length <= WORTH_READING) answer.body.resume()
  else answer.body.destroy()
}

function redirectError(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_PROTOCOL', message)
}
