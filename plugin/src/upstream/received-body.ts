import type { IncomingMessage } from 'node:http'
import type { Lease } from './leases.ts'
import { Interruption } from './upstream-errors.ts'

/** Bytes of a body that are read to their end so that the connection can be kept. More are not worth it. */
const MAX_DRAINED_BYTES = 64 * 1024

/** The most bytes that are handed out at a time. */
const MAX_CHUNK_BYTES = 64 * 1024

/** The body of an answer of a store, and its connection. Exactly one of `finish` and `destroy` must be called in the end. */
export class ReceivedBody {
  readonly lease: Lease
  readonly #message: IncomingMessage
  readonly #stallTimeout: number
  #wake: (() => void) | undefined
  readonly #onEvent = (): void => this.#wake?.()

  constructor(message: IncomingMessage, lease: Lease, stallTimeout: number) {
    this.#message = message
    this.lease = lease
    this.#stallTimeout = stallTimeout
    for (const event of ['readable', 'end', 'error', 'close']) message.on(event, this.#onEvent)
  }

  /**
   * The next bytes, `max` at most; undefined at the end.
   *
   * @throws Interruption if the connection breaks or stalls
   */
  async next(max: number = MAX_CHUNK_BYTES): Promise<Buffer | undefined> {
    const limit = Math.min(max, MAX_CHUNK_BYTES)
    for (;;) {
      const available = this.#message.readableLength
      const chunk: Buffer | null = this.#message.read(available > limit ? limit : undefined)
      if (chunk !== null) return chunk
      if (this.#message.readableEnded) return undefined
      if (this.#message.destroyed) throw new Interruption('the connection to the store broke')
      await this.#event()
    }
  }

  /** Waits for something to happen to the body. */
  #event(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wake = undefined
        reject(new Interruption(`no byte for ${this.#stallTimeout} ms`))
      }, this.#stallTimeout)
      this.#wake = () => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /**
   * All bytes that are needed have been read. The connection is kept if `unread` more bytes are few or none, and the head
   * promises that no more come.
   */
  finish(unread: number): void {
    const message = this.#message
    if (message.readableEnded) {
      this.lease.release()
      return
    }
    const isLengthKnown = message.complete || message.headers['content-length'] !== undefined
    if (message.destroyed || unread > MAX_DRAINED_BYTES || !isLengthKnown) {
      this.destroy()
      return
    }
    const timer = setTimeout(() => this.destroy(), this.#stallTimeout)
    timer.unref()
    message.once('close', () => {
      clearTimeout(timer)
      this.lease.release()
    })
    // While something listens for it, resume() reads nothing.
    message.off('readable', this.#onEvent)
    message.resume()
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#message.destroy()
    this.lease.release()
    this.#wake?.()
  }
}
