// Sends one request over node:http or node:https, and waits for the head of its answer.
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import type { Socket } from 'node:net'
import { onAbort } from '../caller/abort-listeners.ts'
import type { AgentOptions } from '../connect/agents.ts'
import { bypassOf, type ParserBypass } from '../connect/parser-bypass.ts'
import type { Route } from '../connect/routes.ts'
import { systemCode } from '../errors.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { formatDuration } from '../text/quantities.ts'
import { RequestFailure, type RequestFault } from './answer.ts'
import { expectHead, MAX_HEAD_BYTES } from './answer-heads.ts'
import { isCloseDelimited, probeEnd } from './close-delimited.ts'

/** How long a request may take. Times in ms. */
export interface RequestLimits {
  /** For the connection, including a tunnel and TLS. */
  readonly connectTimeout: number
  /** From the request to the last byte of the answer's head. */
  readonly headTimeout: number
}

/** What to send and how. */
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
  /** Takes a long body past node:http. Null if the connection cannot do that. */
  readonly bypass: ParserBypass | null
  /** The error of the request so far. node:http reports a reset in a close-delimited body there alone. */
  failure(): Error | null
  /** Resolves when the exchange is over and `failure()` is final. */
  readonly closed: Promise<void>
}

/** The connection had served a request before. The server may have closed it before this request arrived. */
export class ReusedConnectionFailure extends RequestFailure {}

/** The limit of interim answers to one request. Servers rarely send more than two. */
const MAX_INTERIM_ANSWERS = 100

/** Sends a GET for `url`. @throws RequestFailure */
export function sendRequest(url: URL, plan: RequestPlan): Promise<NodeExchange> {
  return new Promise((resolve, reject) => {
    new PendingRequest(url, plan, { resolve, reject }).start()
  })
}

/** Settles the promise of {@link sendRequest}. */
interface Settle {
  readonly resolve: (exchange: NodeExchange) => void
  readonly reject: (error: RequestFailure) => void
}

class PendingRequest {
  readonly #plan: RequestPlan
  readonly #settle: Settle
  /** Aborted if the request ends before it has a connection. */
  readonly #connecting = new AbortController()
  readonly #request: ClientRequest
  readonly #removeAbortListener: () => void
  #timer: NodeJS.Timeout | undefined
  #failure: Error | null = null
  #interimAnswers = 0
  /** Did this program end the request? */
  #isStopped = false

  constructor(url: URL, plan: RequestPlan, settle: Settle) {
    const { route, headers = {}, signal } = plan
    this.#plan = plan
    this.#settle = settle
    const options: RequestOptions & Pick<AgentOptions, 'connectSignal'> = {
      ...route.options,
      headers,
      maxHeaderSize: MAX_HEAD_BYTES,
      connectSignal: this.#connecting.signal,
    }
    // node:https is loaded when it is needed first.
    const send = route.isTls ? process.getBuiltinModule('node:https').request : httpRequest
    this.#request = send(url, options)
    this.#request.maxHeadersCount = 0 // otherwise node:http drops lines; MAX_HEAD_BYTES limits their length
    this.#removeAbortListener = onAbort(signal, () => this.#stop(new Error('the request was aborted')))
  }

  start(): void {
    const request = this.#request
    this.#startTimer('no connection', this.#plan.limits.connectTimeout)
    const closed = new Promise<void>((done) => {
      request.once('close', () => {
        this.#removeAbortListener()
        this.#fail(new Error('the connection was closed without an answer')) // if nothing else has been reported
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
      if (++this.#interimAnswers > MAX_INTERIM_ANSWERS)
        this.#stop(invalidAnswer(`${this.#interimAnswers} interim answers`))
    })
    // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client in the corresponding
    // request's Upgrade header field."
    request.once('upgrade', (_, socket) => {
      this.#fail(invalidAnswer('it switches protocols, which was not asked for'))
      socket.destroy()
    })
    request.once('response', (message) => {
      clearTimeout(this.#timer)
      // RFC 9110 §15.5.9: a 408 says that the server got no complete request "within the time that it was prepared to wait".
      // It may be older than this request. The answer to this one then follows, and is none to the next.
      if (message.statusCode === 408) request.shouldKeepAlive = false
      if (isCloseDelimited(message)) probeEnd(message.socket, failed)
      message.on('error', () => undefined) // reported by failure() and by the end of the body
      this.#settle.resolve({
        message,
        bypass: bypassOf(message.socket),
        failure: () => this.#failure,
        closed,
      })
    })
    request.end()
    if (this.#plan.signal.aborted) this.#stop(new Error('the request was aborted'))
  }

  #watch(socket: Socket): void {
    expectHead(socket)
    if (this.#connecting.signal.aborted) this.#request.destroy(this.#connecting.signal.reason)
    const connected = (): void => this.#startTimer('no answer', this.#plan.limits.headTimeout)
    if (this.#request.reusedSocket || !this.#plan.route.isTls) connected()
    else socket.once('secureConnect', connected)
  }

  /** Ends the request in `timeoutMs`, with a message about `missing`. */
  #startTimer(missing: string, timeoutMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => this.#stop(new Error(`${missing} within ${formatDuration(timeoutMs)}`)),
      timeoutMs,
    )
  }

  #stop(error: Error): void {
    this.#isStopped = true
    if (this.#request.socket === null) this.#connecting.abort(error)
    else this.#request.destroy(error)
  }

  #fail(error: Error): void {
    clearTimeout(this.#timer)
    const { proxy } = this.#plan.route
    const cause = proxy !== null && !(error instanceof ProxyError) ? new ProxyError(proxy, error) : error
    const isReused = this.#request.reusedSocket && !this.#isStopped
    this.#settle.reject(
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
function invalidAnswer(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_UNEXPECTED' })
}
