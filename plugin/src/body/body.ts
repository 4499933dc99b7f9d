import { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import { SocketWatch } from '../connection/native-response.ts'
import { SendRangeError } from '../errors.ts'
import { ABANDONED_MESSAGE } from '../guards/abandoned-answer.ts'
import { hasBegun } from '../guards/begun-answer.ts'
import { endBodyGuard } from '../guards/body-guard.ts'
import { endHolding } from '../guards/first-bytes.ts'
import { admitOwnBody } from '../guards/head-guard.ts'
import { admitOnly } from '../guards/sole-writer.ts'

function isResponse(destination: NodeJS.WritableStream): destination is ServerResponse | Http2ServerResponse {
  return destination instanceof ServerResponse || destination instanceof Http2ServerResponse
}

/** Who can get at a body: the response alone, or hooks of the application too. */
export type BodyReaders = 'response only' | 'anybody'

/**
 * What is common to the two ways of writing a body.
 *
 * A hook that is given a payload may read it, keep its chunks, change them, or wait while they flow. So the response gets
 * a body of its own, which nobody else ever sees. A reader that would miss bytes of the one that hooks can get at ends the
 * answer, and so does anybody who puts bytes in or has them decoded. A hook may also take off all listeners: what an answer
 * must know of its body does not come by events.
 */
export abstract class Body extends Readable {
  #isPiped = false
  #isPipedElsewhere = false
  /** The body that the response got for itself. */
  #own: Body | undefined
  readonly #onFailure: ((error: Error) => void)[] = []
  readonly #onAbort: ((message?: string) => void)[] = []

  /** Bytes of the body that were handed to the operating system, or to whatever reads this stream. */
  abstract get bytesSent(): number

  /** The same body for the response alone; undefined where it is that already. */
  protected abstract forResponse(): Body | undefined

  /** Whether a hook has piped this into something that may take its place. */
  get isPipedElsewhere(): boolean {
    return this.#isPipedElsewhere
  }

  /** Calls back when the body fails, before its `error` event. */
  whenFailed(listener: (error: Error) => void): void {
    this.#onFailure.push(listener)
  }

  /** Calls back where the answer fails and no event of this stream says so to Fastify, with what to say in the log. */
  whenAborted(listener: (message?: string) => void): void {
    this.#onAbort.push(listener)
  }

  /** Has a body that hooks can get at ended by a reader that would miss its first bytes. */
  protected refuseLateReaders(): void {
    this.on('newListener', (event) => {
      if ((event === 'data' || event === 'readable') && !this.#isPiped && this.bytesSent > 0) this.#refuse()
    })
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    // Its failure is the answer, though it came before the response asked for a byte.
    if (this.errored !== null) return destination
    // Others take the end of this stream for that of what they get, and it may have ended already.
    if (isResponse(destination) && options?.end !== false) {
      if (this.#own !== undefined) {
        this.#abort()
        return destination
      }
      this.#own = this.forResponse()
      if (this.#own !== undefined) {
        this.#pipeOwn(this.#own, destination)
        return destination
      }
    }
    if (this.bytesSent > 0) {
      this.#refuse()
      return destination
    }
    if (!this.canFill(destination, options)) return destination
    this.#isPiped = true
    this.#isPipedElsewhere = !isResponse(destination)
    if (isResponse(destination) && options?.end !== false) this.#writeAlone(destination)
    return super.pipe(destination, options)
  }

  /** Whether this may be the whole body of a destination. Says so where that is a response, and cuts it where not. */
  protected canFill(destination: NodeJS.WritableStream, options?: { end?: boolean }): boolean {
    if (!isResponse(destination) || options?.end === false || admitOwnBody(destination)) return true
    this.#abort()
    return false
  }

  #pipeOwn(own: Body, response: ServerResponse | Http2ServerResponse): void {
    this.#isPiped = true
    own.whenFailed((error) => this.#fail(error))
    // The end of what is destroyed without an error must not end the response, which the handlers of errors still need.
    this.whenFailed(() => own.unpipe().destroy())
    // What a hook has written itself comes on top of the length that is announced.
    if (hasBegun(response)) this.#abort(ABANDONED_MESSAGE)
    endHolding(response)
    endBodyGuard(response)
    own.pipe(response)
  }

  #writeAlone(response: ServerResponse | Http2ServerResponse): void {
    admitOnly(response, {
      handedOut: () => this.bytesSent,
      isSpent: () => this.readableEnded,
      isGivenUp: () => this.destroyed,
      refuse: this.refuseForeign,
      socket: SocketWatch.of(response),
    })
  }

  /** Ends an answer that something else writes into. */
  protected readonly refuseForeign = (): void => {
    this.#abort('something else was written on reply.raw into an answer of sendRange, and it was cut')
  }

  /** The only way for bytes, and for the end, into the body. */
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

  /** A stream that has ended can fail no more, and its answer could still be taken for whole, or never come. */
  #fail(error: Error): void {
    if (this.readableEnded || this.destroyed) this.#abort()
    else this.destroy(error)
  }

  #abort(message?: string): void {
    for (const listener of this.#onAbort) listener(message)
  }

  /**
   * A body that is destroyed without an error is needed no longer: no failure that Fastify should report. It takes what
   * is left unread for one, also where the response reads a body of its own.
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
    // An `error` event that nobody listens to would end the process. Fastify listens before it pipes the payload, unless a
    // hook has taken its listener off.
    const isHeard = this.listenerCount('error') > 0
    if (this.#own !== undefined && !isHeard) this.#abort()
    callback(isHeard ? error : null)
  }
}
