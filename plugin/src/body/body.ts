import { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import { SocketWatch } from '../connection/native-response.ts'
import { cut } from '../connection/response-lifetime.ts'
import { SendRangeError } from '../errors.ts'
import { ABANDONED_MESSAGE } from '../guards/abandoned-answer.ts'
import { hasBegun } from '../guards/begun-answer.ts'
import { endBodyGuard } from '../guards/body-guard.ts'
import { THROWN_MESSAGE } from '../guards/failing-writes.ts'
import { endHolding } from '../guards/first-bytes.ts'
import { admitOwnBody } from '../guards/head-guard.ts'
import { admitOnly } from '../guards/sole-writer.ts'

function isResponse(destination: NodeJS.WritableStream): destination is ServerResponse | Http2ServerResponse {
  return destination instanceof ServerResponse || destination instanceof Http2ServerResponse
}

/** Whether a body that is piped into a response is all of it. Fastify itself ends a response that has trailers. */
function isFilled(response: ServerResponse | Http2ServerResponse, options?: { end?: boolean }): boolean {
  return options?.end !== false || response.hasHeader('trailer')
}

/** What can read a body: the response alone, or hooks of the application too. */
export type BodyReaders = 'response only' | 'anybody'

/** What every body is made with. */
export interface BodyOptions {
  /** Called exactly once, when nothing reads any more. */
  readonly close: () => void | Promise<void>
  readonly readers: BodyReaders
  /** Called with the body that is made for the response. */
  readonly onForResponse: (body: Body) => void
}

/**
 * What positional and streamed bodies have in common.
 *
 * A hook that is given a payload may read it, keep its chunks, change them, or wait while they flow. So the response
 * reads a body of its own, which no hook ever sees. The answer fails if a reader would miss the first bytes of a body,
 * and if something pushes bytes into it or sets an encoding. A hook may also remove all listeners, so an answer learns
 * of its body by callbacks and not by events.
 */
export abstract class Body extends Readable {
  #isPiped = false
  #isPipedElsewhere = false
  /** Whether the answer is over that this body belongs to. */
  #isOver: () => boolean = () => false
  /** The body that the response reads. */
  #own: Body | undefined
  readonly #onFailure: ((error: Error) => void)[] = []
  readonly #onAbort: ((message?: string, details?: object) => void)[] = []

  /** Bytes of the body that were handed to the operating system, or to the reader of this stream. */
  abstract get bytesSent(): number

  /** The same body for the response alone; undefined if this one is for the response alone. */
  protected abstract forResponse(): Body | undefined

  /** Whether a hook has piped this into a stream that may replace it. */
  get isPipedElsewhere(): boolean {
    return this.#isPipedElsewhere
  }

  /** Calls back when the body fails, before its `error` event. */
  whenFailed(listener: (error: Error) => void): void {
    this.#onFailure.push(listener)
  }

  /**
   * Calls back when the answer must be cut and no event of this stream reports it to Fastify. Gives a message for the
   * log, and its details.
   */
  whenAborted(listener: (message?: string, details?: object) => void): void {
    this.#onAbort.push(listener)
  }

  /** Has this body serve one answer, and no other after it. */
  belongTo(isOver: () => boolean): void {
    this.#isOver = isOver
  }

  /** Has this body fail when a reader comes that would miss its first bytes. */
  protected refuseLateReaders(): void {
    this.on('newListener', (event) => {
      if ((event === 'data' || event === 'readable') && !this.#isPiped && this.bytesSent > 0) this.#refuse()
    })
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    // The body has failed before the response read a byte. Fastify answers with the error.
    if (this.errored !== null) return destination
    if (isResponse(destination) && (this.#own !== undefined || this.#isOver())) {
      this.#abort()
      // A hook has given this body to another answer too. That one would wait for bytes that are gone.
      cut(destination)
      return destination
    }
    // Only the response reads a body of its own. Other streams end with this one, which may have ended already.
    if (isResponse(destination) && options?.end !== false) {
      this.#own = this.forResponse()
      if (this.#own !== undefined) {
        this.#pipeOwn(this.#own, destination)
        return destination
      }
    }
    if (isResponse(destination) && this.destroyed) {
      // Only if trailers follow: Fastify would end the response without the body.
      this.#abort('a hook has destroyed the body of an answer of sendRange with trailers, and it was cut')
      return destination
    }
    if (this.bytesSent > 0) {
      this.#refuse()
      return destination
    }
    if (!this.canFill(destination, options)) return destination
    this.#isPiped = true
    this.#isPipedElsewhere = !isResponse(destination)
    if (isResponse(destination) && isFilled(destination, options)) {
      if (options?.end === false) this.#takeOver(destination)
      this.#writeAlone(destination, options)
    }
    return super.pipe(destination, options)
  }

  /**
   * Whether this can be the whole body of a destination. If that is a response, this is noted, or the answer is cut.
   */
  protected canFill(destination: NodeJS.WritableStream, options?: { end?: boolean }): boolean {
    if (!isResponse(destination) || !isFilled(destination, options) || admitOwnBody(destination)) return true
    this.#abort()
    return false
  }

  #pipeOwn(own: Body, response: ServerResponse | Http2ServerResponse): void {
    this.#isPiped = true
    own.whenFailed((error) => this.#fail(error))
    // A body that is destroyed without an error ends, and must not end the response: the error handlers still need it.
    this.whenFailed(() => own.unpipe().destroy())
    this.#takeOver(response)
    endBodyGuard(response)
    own.pipe(response)
  }

  #takeOver(response: ServerResponse | Http2ServerResponse): void {
    // Bytes that a hook has written come on top of the announced length.
    if (hasBegun(response)) this.#abort(ABANDONED_MESSAGE)
    endHolding(response)
  }

  #writeAlone(response: ServerResponse | Http2ServerResponse, options?: { end?: boolean }): void {
    // Until the trailers are there, the response takes bytes, and this has ended.
    const isComplete = (): boolean => options?.end === false && this.readableEnded
    admitOnly(response, {
      handedOut: () => this.bytesSent,
      isSpent: () => this.readableEnded,
      isGivenUp: () => this.destroyed && !isComplete(),
      refuse: this.refuseForeign,
      fail: this.failThrown,
      socket: SocketWatch.of(response),
    })
  }

  /** Cuts an answer that something else writes into. */
  protected readonly refuseForeign = (): void => {
    this.#abort('something else was written on reply.raw into an answer of sendRange, and it was cut')
  }

  /** Cuts an answer whose bytes a wrapper of the response has not taken. */
  protected readonly failThrown = (thrown: unknown): void => {
    this.#abort(THROWN_MESSAGE, { err: thrown })
  }

  /** The only way to put bytes, or the end, into the body. */
  protected pushBytes(chunk: Uint8Array | null): boolean {
    return super.push(chunk)
  }

  override push(): boolean {
    this.#refuse()
    return false
  }

  override setEncoding(): this {
    this.#refuse()
    return this
  }

  #refuse(): void {
    this.#fail(
      new SendRangeError('ERR_RANGE_READ', 'Something else reads or changes the body of this answer'),
    )
  }

  /** A stream that has ended cannot fail any more, and its answer could be taken for complete, or never come. */
  #fail(error: Error): void {
    if (this.readableEnded || this.destroyed) this.#abort()
    else this.destroy(error)
  }

  #abort(message?: string, details?: object): void {
    for (const listener of this.#onAbort) listener(message, details)
  }

  /**
   * Destroying a body without an error means that it is no longer needed. Fastify must not report a failure, as it
   * would if bytes were left unread. So they are read, also if the response reads a body of its own.
   */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error === null) {
      this.pushBytes(null)
      const isRead = this.#isPiped && this.#own === undefined
      while (!isRead && this.read() !== null);
      callback()
      return
    }
    for (const listener of this.#onFailure) listener(error)
    // An `error` event without a listener would end the process. Fastify listens before it pipes the payload, but a
    // hook may have removed its listener.
    const isHeard = this.listenerCount('error') > 0
    if (this.#own !== undefined && !isHeard) this.#abort()
    callback(isHeard ? error : null)
  }
}
