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
import { type Wire, wireOf } from '../connect/parser-bypass.ts'
import type { Route } from '../connect/routes.ts'
import { systemCode } from '../errors.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { RequestFailure, type RequestFault } from './answer.ts'
import { expectHead, MOST_HEAD } from './answer-heads.ts'
import { isCloseDelimited, probeEnd } from './close-delimited.ts'

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

/** A request of node:http whose answer has begun. */
export interface NodeExchange {
  /** The head, the body and the trailers. */
  readonly message: IncomingMessage
  /** Takes a long body past node:http; null if the connection cannot do that. */
  readonly wire: Wire | null
  /** The error of the request so far. node:http reports a reset in a close-delimited body there and nowhere else. */
  failure(): Error | null
  /** Resolves when the exchange is over and `failure()` is final. */
  readonly closed: Promise<void>
}

/** The connection had served a request before. The server may have closed it before this request arrived. */
export class ReusedConnectionFailure extends RequestFailure {}

/** Interim answers to one request. Few servers send more than one or two. */
const MOST_INTERIM = 100

/** Sends a GET for `url`. @throws RequestFailure */
export function sendRequest(url: URL, plan: RequestPlan): Promise<NodeExchange> {
  return new Promise((resolve, reject) => {
    new Sending(url, plan, { resolve, reject }).start()
  })
}

class Sending {
  readonly #plan: RequestPlan
  readonly #reject: (error: RequestFailure) => void
  readonly #resolve: (exchange: NodeExchange) => void
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
    {
      resolve,
      reject,
    }: { resolve: (exchange: NodeExchange) => void; reject: (error: RequestFailure) => void },
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
    request.once('response', (message) => {
      clearTimeout(this.#limit)
      if (isCloseDelimited(message)) probeEnd(message.socket, failed)
      message.on('error', () => undefined) // reported by failure() and by the end of the body
      this.#resolve({ message, wire: wireOf(message.socket), failure: () => this.#failure, closed })
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
    const isReused = this.#request.reusedSocket && !this.#isGivenUp
    this.#reject(
      isReused
        ? new ReusedConnectionFailure(error.message, isMalformed(cause) ? 'not-http' : 'connection', cause)
        : new RequestFailure(error.message, faultOf(cause), cause),
    )
  }
}

/** The codes of the parser of node:http, and of this program, for a head that is HTTP and breaks its rules. */
const INVALID_HEAD_CODES: ReadonlySet<string> = new Set([
  'HPE_HEADER_OVERFLOW',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_HEADER_TOKEN',
  'HPE_INVALID_STATUS',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_VERSION',
  'HPE_UNEXPECTED',
  'HPE_UNEXPECTED_CONTENT_LENGTH',
])

function faultOf(cause: Error): RequestFault {
  if (!isMalformed(cause)) return 'connection'
  return INVALID_HEAD_CODES.has(systemCode(cause) ?? '') ? 'invalid-head' : 'not-http'
}

/** Is it an error of the parser of node:http? */
export function isMalformed(error: Error | null): boolean {
  return systemCode(error)?.startsWith('HPE_') === true
}

/** An error like those of the parser of node:http. */
function nonsense(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_UNEXPECTED' })
}
