import type { SendRangeError } from '../errors.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { assertWanted, unlessGivenUp } from '../sources/given-up.ts'
import { ownOf } from '../sources/own-bytes.ts'
import type { Signal } from '../sources/signal.ts'
import { Attempts } from './attempts.ts'
import type { NearRanges } from './near-ranges.ts'
import type { ReceivedBody } from './received-body.ts'
import type { StoredObject } from './stored-object.ts'
import { Interruption, upstreamFailure } from './upstream-errors.ts'

/** A body that has come with an answer, and the range of what is still unread. */
export interface Arrived {
  readonly body: ReceivedBody
  readonly range: ByteRange
}

/** How a range is read. */
export interface ObjectReadOptions {
  readonly object: StoredObject
  /** The ranges that are read after this one. */
  readonly following: Iterable<ByteRange>
  readonly near: NearRanges
  /** Takes the body that has the range, if there is one already. Called when reading begins. */
  readonly takeArrived: () => Arrived | undefined
  /** Keeps a body that has more ranges. */
  readonly keep: (left: Arrived) => void
  /** Failures in a row without a byte. */
  readonly retries: number
  /** Whether a read that was stopped can go on with another request: the origin knows ranges, and the version is pinned. */
  readonly canGoOn: boolean
}

/**
 * The most bytes that are handed out at a time. An answer whose client stops reading keeps them. What has not been handed
 * out is dropped when the connection is given back.
 */
const CHUNK_BYTES = 64 * 1024

/**
 * Yields the bytes of one range. After a failure, and when the connection was given back because the client did not read,
 * it goes on from where it was with another request for the same version.
 */
export class ObjectRead implements AsyncIterableIterator<Buffer> {
  readonly #object: StoredObject
  readonly #range: ByteRange
  readonly #signal: Signal
  readonly #attempts: Attempts
  readonly #options: ObjectReadOptions
  readonly #stop = (): void => this.#drop()
  #state: 'new' | 'begun' | 'over' = 'new'
  /** The next byte of the range. */
  #offset: number
  /** Where the bytes come from now. */
  #body: ReceivedBody | undefined
  /** The next byte of this body. It may be before the range. */
  #position: number
  /** The last byte that this body has. It may be after the range. */
  #bodyLast: number

  constructor(range: ByteRange, signal: Signal, options: ObjectReadOptions) {
    this.#object = options.object
    this.#range = range
    this.#signal = signal
    this.#options = options
    this.#attempts = new Attempts(options.retries, signal)
    this.#offset = range.first
    this.#position = range.first
    this.#bodyLast = range.last
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Do not call this again before it has settled. Nothing here refers to a chunk that was handed out. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#state === 'new') this.#begin()
    this.#body?.lease.busy()
    if (this.#state === 'over' || this.#offset > this.#range.last) return this.return()
    try {
      const value = ownOf(await this.#next())
      if (this.#offset > this.#range.last) this.#finish()
      // A client that reads slowly would be cut otherwise. It keeps its connection until it has all, or stalls.
      else if (this.#options.canGoOn) this.#body?.lease.idle(this.#stop)
      return { done: false, value }
    } catch (thrown) {
      this.#end()
      assertWanted(this.#signal)
      throw thrown
    }
  }

  /** Reads all of the range into memory that is as long. Nothing else may read the range then. */
  async fill(target: Uint8Array): Promise<void> {
    this.#begin()
    try {
      while (this.#offset <= this.#range.last) await this.#fillMore(target)
      this.#finish()
    } catch (thrown) {
      assertWanted(this.#signal)
      throw thrown
    } finally {
      this.#end()
    }
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  #begin(): void {
    this.#state = 'begun'
    this.#signal.addEventListener('abort', this.#stop, { once: true })
    const arrived = this.#options.takeArrived()
    if (arrived === undefined) return
    this.#body = arrived.body
    this.#position = arrived.range.first
    this.#bodyLast = arrived.range.last
    arrived.body.lease.busy()
  }

  /** The next bytes, however often that must be tried. */
  async #next(): Promise<Buffer> {
    for (;;) {
      assertWanted(this.#signal)
      try {
        this.#body ??= await this.#request()
        const chunk = await this.#body.next(this.#mostWanted())
        if (chunk === undefined) throw tooShort()
        const wanted = this.#counted(chunk)
        if (wanted.length > 0) return wanted
      } catch (error) {
        this.#drop()
        await this.#attempts.waitAfter(error)
      }
    }
  }

  /** Reads more bytes to their places in the memory of the range, however often that must be tried. */
  async #fillMore(target: Uint8Array): Promise<void> {
    for (;;) {
      assertWanted(this.#signal)
      try {
        this.#body ??= await this.#request()
        while (this.#position < this.#offset) await this.#skip(this.#body)
        const count = await this.#body.fill(target.subarray(this.#offset - this.#range.first))
        if (count === 0) throw tooShort()
        this.#attempts.succeeded()
        this.#position += count
        this.#offset += count
        if (this.#position > this.#bodyLast && this.#body.hasMore) throw tooLong()
        return
      } catch (error) {
        this.#drop()
        await this.#attempts.waitAfter(error)
      }
    }
  }

  /** Throws away bytes before the range. */
  async #skip(body: ReceivedBody): Promise<void> {
    const chunk = await body.next(Math.min(CHUNK_BYTES, this.#offset - this.#position))
    if (chunk === undefined) throw tooShort()
    this.#position += chunk.length
  }

  async #request(): Promise<ReceivedBody> {
    const range = { first: this.#offset, last: this.#range.last }
    const last = this.#options.near.lastTogether(range, this.#options.following)
    const asked = this.#object.more({ ...range, last }, this.#signal)
    // The answer may be over since the head came, or while a function of the application signs the request.
    asked.then((body) => this.#signal.aborted && body.destroy(), ignore)
    const body = await unlessGivenUp(asked, this.#signal)
    this.#position = range.first
    this.#bodyLast = last
    return body
  }

  /** What belongs to the next range is left in the body. All of a last range is read: more than it is a fault. */
  #mostWanted(): number {
    const { last } = this.#range
    return this.#bodyLast === last ? CHUNK_BYTES : Math.min(CHUNK_BYTES, last + 1 - this.#position)
  }

  /** The bytes of a chunk that belong to the range. Those before it are thrown away. */
  #counted(chunk: Buffer): Buffer {
    this.#attempts.succeeded()
    const end = this.#position + chunk.length
    if (end > this.#bodyLast + 1) throw tooLong()
    const wanted = chunk.subarray(Math.min(chunk.length, this.#offset - this.#position))
    this.#position = end
    this.#offset += wanted.length
    return wanted
  }

  #finish(): void {
    const body = this.#body
    if (body === undefined) return
    this.#body = undefined
    const left = { first: this.#position, last: this.#bodyLast }
    const [next] = this.#options.following
    if (next !== undefined && next.first >= left.first && next.last <= left.last)
      this.#options.keep({ body, range: left })
    else body.finish(left.last - left.first + 1)
  }

  #drop(): void {
    this.#body?.destroy()
    this.#body = undefined
  }

  #end(): void {
    this.#state = 'over'
    this.#signal.removeEventListener('abort', this.#stop)
    this.#drop()
  }
}

function tooShort(): Interruption {
  return new Interruption('the body ended too early')
}

function tooLong(): SendRangeError {
  return upstreamFailure(new Error('more bytes than the head said'))
}

function ignore(): void {}
