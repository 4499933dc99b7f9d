// One request and its answer, over node:http and node:https, with redirects followed.
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { onAbort } from './abort-listeners.ts'
import type { Opening } from './agents.ts'
import { DownloadError } from './errors.ts'
import { digits, type FieldLines, fieldLines, list, single } from './field-lines.ts'
import type { ProxyEnvironment } from './proxy.ts'
import { ProxyError } from './proxy-error.ts'
import { publicUrl } from './public-url.ts'
import { redirectTarget, type Target } from './request-target.ts'
import { retryAfter } from './retry.ts'
import { Routes } from './routes.ts'
import { type Wire, wireOf } from './wire.ts'

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
  readonly #routes: Routes

  constructor(settings: ExchangeSettings) {
    this.#settings = settings
    this.#routes = new Routes(settings.proxy, settings.env)
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
    this.#routes.close()
  }

  async #send(
    target: Target,
    fields: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { connectTimeout, headTimeout } = this.#settings
    const { isTls, proxy, options: route } = this.#routes.to(target.url)
    const opening = new AbortController()
    const options: RequestOptions & Pick<Opening, 'opening'> = {
      ...route,
      // What the download needs comes last: a caller's field must not change the question.
      headers: { 'user-agent': 'range-get', accept: '*/*', ...target.headers, ...route.headers, ...fields },
      opening: opening.signal,
    }
    return new Promise((resolve, reject) => {
      const request = isTls ? httpsRequest(target.url, options) : httpRequest(target.url, options)
      let failure: Error | null = null
      const stop = (error: Error): void => {
        if (request.socket === null) opening.abort(error)
        else request.destroy(error)
      }
      const abort = (): void => stop(new Error('given up'))
      const forget = onAbort(signal, abort)
      const giveUp = (what: string, after: number): NodeJS.Timeout =>
        setTimeout(() => stop(new Error(`${what} within ${after / 1000} s`)), after)
      const connecting = giveUp('no connection', connectTimeout)
      let waiting: NodeJS.Timeout | undefined
      const connected = (): void => {
        clearTimeout(connecting)
        waiting ??= giveUp('no answer', headTimeout)
      }
      const fail = (error: Error): void => {
        const isProxys = proxy !== null && !(error instanceof ProxyError)
        const cause = isProxys ? new ProxyError(proxy, error) : error
        reject(new ExchangeFailure(error.message, cause, request.reusedSocket))
      }
      const closed = new Promise<void>((done) => {
        request.once('close', () => {
          forget()
          clearTimeout(connecting)
          clearTimeout(waiting)
          fail(new Error('the connection was closed without an answer')) // where nothing has been said yet
          done()
        })
      })
      request.once('socket', (socket) => {
        if (opening.signal.aborted) request.destroy(opening.signal.reason)
        if (request.reusedSocket || !isTls) connected()
        else socket.once('secureConnect', connected)
      })
      request.on('error', (error) => {
        failure = error
        fail(error)
      })
      request.once('response', (body) => {
        clearTimeout(connecting)
        clearTimeout(waiting)
        const answer = answerOf(target, body, { proxy, failure: () => failure, closed })
        if (proxy === null || answer.status !== 407) return resolve(answer)
        discard(answer)
        fail(refusalOf(proxy, answer))
      })
      request.end()
      if (signal.aborted) abort()
    })
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
