// One request over node:http or node:https, until the head of its answer is here or it has failed.
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { onAbort } from '../caller/abort-listeners.ts'
import type { Opening } from '../connect/agents.ts'
import type { Route } from '../connect/routes.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { expectHead, MOST_HEAD } from './answer-heads.ts'
import { endsWithConnection, probeEnd } from './close-delimited.ts'

/** How long a request may take, in ms. */
export interface RequestLimits {
  /** Until there is a connection, a tunnel and TLS included. */
  readonly connectTimeout: number
  /** From the request to the last byte of the answer's head. */
  readonly headTimeout: number
}

/** What to send, and how. */
export interface RequestPlan {
  readonly route: Route
  readonly headers: RequestOptions['headers']
  readonly limits: RequestLimits
  /** Ends the request, and the body of its answer. */
  readonly signal: AbortSignal
}

/** An answer whose body is not yet read. */
export interface Answered {
  readonly body: IncomingMessage
  /** The request's failure so far. node:http reports a reset in a body without length there and nowhere else. */
  failure(): Error | null
  /** Resolves when the connection is done with this exchange, so that `failure()` is final. */
  readonly closed: Promise<void>
}

/** Thrown where nothing of an answer came: the connection failed. `isGarbage`: what came was not HTTP. */
export class ExchangeFailure extends Error {
  readonly isGarbage: boolean
  /** The connection had served a request before and was closed: the server may have done that before this one came. */
  readonly wasReused: boolean

  constructor(message: string, cause: Error | null, wasReused: boolean) {
    super(message, cause === null ? undefined : { cause })
    this.wasReused = wasReused
    this.isGarbage = cause !== null && 'code' in cause && String(cause.code).startsWith('HPE_')
  }
}

/** Interim answers to one request. Few servers send more than one or two. */
const MOST_INTERIM = 100

/** Sends a GET for `url`. @throws ExchangeFailure */
export function sendRequest(url: URL, plan: RequestPlan): Promise<Answered> {
  return new Promise((resolve, reject) => {
    new Sending(url, plan, { resolve, reject }).start()
  })
}

class Sending {
  readonly #plan: RequestPlan
  readonly #reject: (error: ExchangeFailure) => void
  readonly #resolve: (answer: Answered) => void
  readonly #opening = new AbortController()
  readonly #request: ClientRequest
  readonly #forget: () => void
  #limit: NodeJS.Timeout | undefined
  #failure: Error | null = null
  #interim = 0
  #isGivenUp = false

  constructor(
    url: URL,
    plan: RequestPlan,
    { resolve, reject }: { resolve: (answer: Answered) => void; reject: (error: ExchangeFailure) => void },
  ) {
    const { route, headers = {}, signal } = plan
    this.#plan = plan
    this.#resolve = resolve
    this.#reject = reject
    const options: RequestOptions & Pick<Opening, 'opening'> = {
      ...route.options,
      headers,
      maxHeaderSize: MOST_HEAD,
      opening: this.#opening.signal,
    }
    this.#request = route.isTls ? httpsRequest(url, options) : httpRequest(url, options)
    this.#request.maxHeadersCount = 0 // no line is left out notYetShown; their length is limited
    this.#forget = onAbort(signal, () => this.#stop(new Error('given up')))
  }

  start(): void {
    const request = this.#request
    this.#allow('no connection', this.#plan.limits.connectTimeout)
    const closed = new Promise<void>((done) => {
      request.once('close', () => {
        this.#forget()
        this.#fail(new Error('the connection was closed without an answer')) // where nothing has been said yet
        done()
      })
    })
    request.once('socket', (socket) => this.#watch(socket))
    const failed = (error: Error): void => {
      this.#failure = error
      this.#fail(error)
    }
    request.on('error', failed)
    request.on('information', () => {
      if (++this.#interim > MOST_INTERIM) this.#stop(nonsense(`${this.#interim} interim answers`))
    })
    // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client in the corresponding
    // request's Upgrade header field."
    request.once('upgrade', (_, socket) => {
      this.#fail(nonsense('it switches protocols, which was not asked for'))
      socket.destroy()
    })
    request.once('response', (body) => {
      clearTimeout(this.#limit)
      if (endsWithConnection(body)) probeEnd(body.socket, failed)
      this.#resolve({ body, failure: () => this.#failure, closed })
    })
    request.end()
    if (this.#plan.signal.aborted) this.#stop(new Error('given up'))
  }

  #watch(socket: Socket): void {
    expectHead(socket)
    if (this.#opening.signal.aborted) this.#request.destroy(this.#opening.signal.reason)
    const connected = (): void => this.#allow('no answer', this.#plan.limits.headTimeout)
    if (this.#request.reusedSocket || !this.#plan.route.isTls) connected()
    else socket.once('secureConnect', connected)
  }

  /** From now on there is so much time, in ms. */
  #allow(what: string, time: number): void {
    clearTimeout(this.#limit)
    this.#limit = setTimeout(() => this.#stop(new Error(`${what} within ${time / 1000} s`)), time)
  }

  #stop(error: Error): void {
    this.#isGivenUp = true
    if (this.#request.socket === null) this.#opening.abort(error)
    else this.#request.destroy(error)
  }

  #fail(error: Error): void {
    clearTimeout(this.#limit)
    const { proxy } = this.#plan.route
    const cause = proxy !== null && !(error instanceof ProxyError) ? new ProxyError(proxy, error) : error
    const wasReused = this.#request.reusedSocket && !this.#isGivenUp
    this.#reject(new ExchangeFailure(error.message, cause, wasReused))
  }
}

/** An error as those that node:http has for what is not HTTP. */
function nonsense(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_UNEXPECTED' })
}
