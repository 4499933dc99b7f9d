import type { ByteRange } from '../rules/range-set.ts'
import { Attempts } from './attempts.ts'
import type { ReceivedBody } from './received-body.ts'
import type { StoredObject } from './stored-object.ts'
import { Interruption, upstreamFailure } from './upstream-errors.ts'

/** A body that has come with an answer, and what of it is still unread. */
export interface Arrived {
  readonly body: ReceivedBody
  readonly range: ByteRange
}

/** How a range is read. */
export interface ObjectReadOptions {
  readonly object: StoredObject
  /** Takes the body that starts with the range, if there is one already. Called when reading begins. */
  readonly takeArrived: () => Arrived | undefined
  /** Failures in a row without a byte. */
  readonly retries: number
}

/**
 * Yields the bytes of one range. After a failure, and when the connection was given back because the client did not read,
 * it goes on from where it was with another request for the same version.
 */
export class ObjectRead {
  readonly #object: StoredObject
  readonly #range: ByteRange
  readonly #signal: AbortSignal
  readonly #attempts: Attempts
  readonly #takeArrived: ObjectReadOptions['takeArrived']
  /** The next byte. */
  #offset: number
  /** Where the bytes come from now. */
  #body: ReceivedBody | undefined
  /** The last byte that this body has. */
  #bodyLast: number

  constructor(range: ByteRange, signal: AbortSignal, { object, takeArrived, retries }: ObjectReadOptions) {
    this.#object = object
    this.#range = range
    this.#signal = signal
    this.#attempts = new Attempts(retries, signal)
    this.#offset = range.first
    this.#bodyLast = range.last
    this.#takeArrived = takeArrived
  }

  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    this.#begin()
    const stop = (): void => this.#drop()
    this.#signal.addEventListener('abort', stop, { once: true })
    try {
      while (this.#offset <= this.#range.last) {
        // The chunk is in no variable: it would stay in memory while the client does not read.
        yield await this.#nextThenIdle(stop)
        this.#body?.lease.busy()
      }
    } finally {
      this.#signal.removeEventListener('abort', stop)
      this.#drop()
    }
  }

  #begin(): void {
    const arrived = this.#takeArrived()
    if (arrived === undefined) return
    this.#body = arrived.body
    this.#bodyLast = arrived.range.last
    arrived.body.lease.busy()
  }

  /** The next bytes. Afterwards the connection is idle until more are asked for. */
  async #nextThenIdle(park: () => void): Promise<Buffer> {
    const chunk = await this.#next()
    if (this.#offset > this.#range.last) this.#finish()
    else this.#body?.lease.idle(park)
    return chunk
  }

  /** The next bytes, however often that must be tried. */
  async #next(): Promise<Buffer> {
    for (;;) {
      this.#signal.throwIfAborted()
      try {
        this.#body ??= await this.#request()
        const chunk = await this.#body.next()
        if (chunk === undefined) throw new Interruption('the body ended too early')
        this.#attempts.succeeded()
        return this.#counted(chunk)
      } catch (error) {
        this.#drop()
        await this.#attempts.waitAfter(error)
      }
    }
  }

  async #request(): Promise<ReceivedBody> {
    const { last } = this.#range
    const body = await this.#object.more({ first: this.#offset, last }, this.#signal)
    this.#bodyLast = last
    // The answer may be over since the head came.
    if (this.#signal.aborted) body.destroy()
    return body
  }

  #counted(chunk: Buffer): Buffer {
    const end = this.#offset + chunk.length
    if (end > this.#bodyLast + 1) throw upstreamFailure(new Error('more bytes than the head said'))
    const wanted = chunk.subarray(0, this.#range.last + 1 - this.#offset)
    this.#offset += wanted.length
    return wanted
  }

  #finish(): void {
    this.#body?.finish(this.#bodyLast - this.#range.last)
    this.#body = undefined
  }

  #drop(): void {
    this.#body?.destroy()
    this.#body = undefined
  }
}
