// The interface between a download and its transport: a client that sends GET requests, and their answers.
// Nothing here knows node:http, so another transport, or one in memory for tests, is another `HttpClient`.
import type { FieldLines } from '../rules/field-lines.ts'
import type { Target } from './target.ts'

/** Sends the requests of one download. Close it. */
export interface HttpClient {
  /**
   * Sends a GET and follows redirects, up to a limit. Resolves when the head of the final answer is here. Its body waits
   * until `receive`, `peek` or `discard` is called.
   * @param fields of this request, which override the fields of the target
   * @param signal ends the request, and later the body of its answer
   * @throws RequestFailure if no answer came
   * @throws DownloadError if the proxy for the URL cannot be used
   */
  get(target: Target, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer>
  /** Do all requests wait for their turn, because other downloads use the host? Never so where it is missing. */
  readonly isQueued?: boolean
  /** Closes the connections, or ends the use of shared ones. */
  close(): void
}

/** An answer whose head is here and whose body has not been received. */
export interface Answer {
  readonly status: number
  readonly fields: FieldLines
  /** The URL that answered, after redirects, and what may be sent there again. */
  readonly target: Target
  /** The proxy that forwarded the answer and could read it, or null. A tunnel is not such a proxy. */
  readonly proxy: URL | null
  /** Why this redirect is not followed, as the end of a sentence that begins with "the server"; otherwise null. */
  readonly misdirection: string | null
  readonly delimiter: BodyDelimiter
  /** The trailer fields. They are complete after `receive` has resolved with `'complete'`. */
  trailers(): FieldLines
  /**
   * Reads the first bytes of the body, as many as `isEnough` asks for, or all of a shorter body. They stay in the body, so
   * `receive` starts with them.
   * @throws PeekFailure if the connection breaks off or stalls
   */
  peek(options: PeekOptions): Promise<Buffer>
  /**
   * Reads the body to its end, or until `receiver` stops it. Call it at most once. Never rejects.
   * @param stallTimeoutMs how long the body may bring nothing while the receiver does not make it wait
   */
  receive(receiver: BodyReceiver, stallTimeoutMs: number): Promise<BodyEnd>
  /** Drops a body that is not needed. A short one is read, so that its connection can be used again. Can be repeated. */
  discard(): void
}

/**
 * What marks the end of a body: a length or the last chunk (`'announced'`), or that the server closes the connection,
 * without TLS or with it.
 */
export type BodyDelimiter = 'announced' | 'closed' | 'tls-closed'

/** How much {@link Answer.peek} reads. */
export interface PeekOptions {
  /** Are these first bytes enough? Called with more and more of them. */
  readonly isEnough: (bytes: Buffer) => boolean
  readonly stallTimeoutMs: number
}

/** Gets the bytes of a body. */
export interface BodyReceiver {
  /** Where the transport should put the next bytes, to save a copy; null if the receiver wants small chunks. */
  readonly nextBuffer: (() => Buffer) | null
  /** Receives the next bytes, in the buffer of `nextBuffer` or in any other. */
  receive(chunk: Buffer): Demand
}

/**
 * What a receiver wants after a chunk. A promise: more, but only when it is settled. `'enough'`: nothing, it has all it
 * needs. `'too-much'`: nothing, the body is longer than it may be.
 */
export type Demand = 'more' | Promise<void> | 'enough' | 'too-much'

/** How receiving a body ended. */
export type BodyEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'enough' }
  | { readonly kind: 'too-much' }
  | ({ readonly kind: 'cut' } & BodyCut)

/** Why a body ended before its end. */
export interface BodyCut {
  readonly reason: string
  readonly cause: Error | null
  /** The bytes that came break the rules of HTTP. */
  readonly isMalformed: boolean
}

/** Thrown by {@link Answer.peek} if the body ends too early. */
export class PeekFailure extends Error {
  readonly cut: BodyCut

  constructor(cut: BodyCut) {
    super(cut.reason, cut.cause === null ? undefined : { cause: cut.cause })
    this.cut = cut
  }
}

/**
 * Why there is no answer. `'connection'`: it could not be opened, or broke off, or was silent. `'not-http'`: what came is
 * not HTTP, or may belong to an earlier answer. `'invalid-head'`: a head that breaks the rules of HTTP; the server sends
 * it again if the request is repeated.
 */
export type RequestFault = 'connection' | 'not-http' | 'invalid-head'

/** Thrown by {@link HttpClient.get} if no answer came. Its cause is the error of the system, of TLS, or a `ProxyError`. */
export class RequestFailure extends Error {
  readonly fault: RequestFault

  constructor(message: string, fault: RequestFault, cause: Error | null) {
    super(message, cause === null ? undefined : { cause })
    this.fault = fault
  }
}
