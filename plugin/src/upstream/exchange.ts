import { type ClientRequest, type IncomingMessage, type RequestOptions, request as sendHttp } from 'node:http'
import { request as sendHttps } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { urlToHttpOptions } from 'node:url'
import { systemCode } from '../errors.ts'
import type { Signal } from '../sources/signal.ts'
import type { Agents } from './agents.ts'
import type { AnswerHead } from './answer-head.ts'
import { Interruption, upstreamFailure } from './upstream-errors.ts'

/** One request to a store. */
export interface OutgoingRequest {
  /** Always. */
  readonly method: 'GET'
  /** Where the object is. */
  readonly url: URL
  /** All fields but Host and Connection, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** The bounds of one exchange, in ms. */
export interface ExchangeTimeouts {
  readonly connectTimeout: number
  readonly responseTimeout: number
}

/** What an exchange needs beside its request. */
export interface ExchangeContext {
  readonly agents: Agents
  readonly timeouts: ExchangeTimeouts
  /** Aborted when the answer is over. */
  readonly signal: Signal
}

const MS_PER_SECOND = 1000

/**
 * Failures of the network, or of a system that has no descriptor, port or memory left, which another try may mend. Others,
 * such as a wrong certificate or an answer that is not HTTP, come again.
 */
const PASSING_FAILURES = [
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENOMEM',
]

/** An answer whose head has come. */
export interface Received {
  readonly message: IncomingMessage
  readonly head: AnswerHead
}

/**
 * Sends one request and waits for the head of its answer. Redirects are not followed: the fields of the request may hold
 * secrets, and the other place may be inside of the network.
 *
 * @throws Interruption if another try may help; SendRangeError `ERR_RANGE_UPSTREAM` if not
 */
export async function exchange(outgoing: OutgoingRequest, context: ExchangeContext): Promise<Received> {
  for (;;) {
    const attempt = new Attempt(outgoing, context)
    try {
      return received(await attempt.answered)
    } catch (error) {
      if (!attempt.wasKept || context.signal.aborted || !mayBeOfKept(error)) throw error
    }
  }
}

/**
 * Whether a failure may be that of a kept connection, and not of the store. It may close one at any time, also while a request
 * is on its way. And bytes that it sends behind one answer are no answer to the next request.
 */
function mayBeOfKept(error: unknown): boolean {
  const code = error instanceof Error ? systemCode(error.cause) : undefined
  return code !== undefined && (error instanceof Interruption || code.startsWith('HPE_'))
}

function received(message: IncomingMessage): Received {
  const receivedAt = Math.floor(Date.now() / MS_PER_SECOND)
  return { message, head: { status: message.statusCode ?? 0, fields: fieldsOf(message), receivedAt } }
}

/** What other code has written to `Object.prototype` is not in it. */
function fieldsOf({ headers }: IncomingMessage): AnswerHead['fields'] {
  const fields = new Fields()
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    fields[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return fields
}

/** A request over one connection. */
class Attempt {
  readonly answered: Promise<IncomingMessage>
  readonly #request: ClientRequest
  readonly #timeouts: ExchangeTimeouts
  #timer: NodeJS.Timeout | undefined

  constructor({ method, url, headers }: OutgoingRequest, { agents, timeouts, signal }: ExchangeContext) {
    this.#timeouts = timeouts
    const send = url.protocol === 'https:' ? sendHttps : sendHttp
    const request = send(optionsOf({ method, url, headers }, agents))
    this.#request = request
    this.answered = new Promise((resolve, reject) => {
      const stop = (): void => void request.destroy()
      const end = (): void => {
        clearTimeout(this.#timer)
        signal.removeEventListener('abort', stop)
      }
      signal.addEventListener('abort', stop, { once: true })
      // Each of these comes once at most, and `once` costs more.
      request.on('response', (message) => {
        end()
        // RFC 9110 §15.5.9: a 408 says that the server got no complete request "within the time that it was prepared to
        // wait". It may be older than the request, whose answer would come behind it.
        if (message.statusCode === 408) request.shouldKeepAlive = false
        // The body is read by somebody else. Its failures come before that, too.
        message.on('error', () => {})
        resolve(message)
      })
      request.on('error', (error) => {
        end()
        reject(signal.aborted ? signal.reason : failureOf(error))
      })
      // Without a listener, Node only closes the connection.
      request.on('upgrade', (_message, socket) => {
        socket.destroy()
        end()
        reject(upstreamFailure(new Error('the store answered with status 101')))
      })
      request.on('socket', (socket) => this.#limit(socket))
    })
    request.end()
  }

  /** Whether the connection had served another request before. */
  get wasKept(): boolean {
    return this.#request.reusedSocket
  }

  #limit(socket: Socket): void {
    const { connectTimeout, responseTimeout } = this.#timeouts
    const awaitAnswer = (): void => this.#startTimer(responseTimeout, 'no answer')
    if (!socket.connecting) {
      awaitAnswer()
      return
    }
    this.#startTimer(connectTimeout, 'no connection')
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', awaitAnswer)
  }

  #startTimer(ms: number, what: string): void {
    clearTimeout(this.#timer)
    if (this.#request.destroyed) return
    this.#timer = setTimeout(() => this.#request.destroy(new Interruption(`${what} within ${ms} ms`)), ms)
  }
}

/** A request as Node takes it. Node makes the same of a URL, at a higher price. */
function optionsOf({ method, url, headers }: OutgoingRequest, agents: Agents): RequestOptions {
  const { protocol, hostname, port, pathname, search } = url
  const agent = agents.for(url)
  if (url.username !== '' || url.password !== '')
    return Object.assign(urlToHttpOptions(url), { method, headers, agent })
  const isAddress = hostname.startsWith('[')
  return {
    protocol,
    hostname: isAddress ? hostname.slice(1, -1) : hostname,
    port: port === '' ? undefined : Number(port),
    path: `${pathname}${search}`,
    method,
    headers,
    agent,
  }
}

/** The error of Node may have the bytes that were received (`rawPacket`): it is not the cause for the log. */
function failureOf(error: Error): Error {
  if (error instanceof Interruption) return error
  const code = systemCode(error) ?? ''
  const cause = Object.assign(new Error(error.message), { code })
  if (PASSING_FAILURES.includes(code))
    return new Interruption('the connection to the store failed', { cause })
  return upstreamFailure(cause)
}

/** Inherits nothing. Objects of one class cost less than those of `Object.create(null)`, since they have their shape in common. */
class Fields {
  [name: string]: string | undefined
}
Object.setPrototypeOf(Fields.prototype, null)
Reflect.deleteProperty(Fields.prototype, 'constructor')
