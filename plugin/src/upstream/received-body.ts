import type { IncomingMessage } from 'node:http'
import type { Lease } from './leases.ts'
import { Interruption } from './upstream-errors.ts'

/** Bytes of a body that are read to their end so that the connection can be kept. More are not worth it. */
const MAX_DRAINED_BYTES = 64 * 1024

/** The most bytes that are handed out at a time. */
const MAX_CHUNK_BYTES = 64 * 1024

/**
 * Ms that bytes wait for those that follow them, since each chunk costs more than its bytes. A client notices no such time.
 */
const GATHER_MS = 10

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
   * The next bytes, `max` at most; undefined at the end. Fewer come at the end of the body, and if the store is slow.
   *
   * @throws Interruption if the connection breaks or stalls
   */
  async next(max: number = MAX_CHUNK_BYTES): Promise<Buffer | undefined> {
    const limit = Math.min(max, MAX_CHUNK_BYTES)
    for (;;) {
      // Gives nothing while fewer bytes have come, except at the end.
      const chunk: Buffer | null = this.#message.read(limit) ?? (await this.#someOf(limit))
      if (chunk !== null) return chunk
      if (this.#message.readableEnded) return undefined
      if (this.#message.destroyed) throw new Interruption('the connection to the store broke')
    }
  }

  /** Waits until as many bytes have come, or the body has ended; for the rest of some bytes, only for a short time. */
  #someOf(limit: number): Promise<Buffer | null> {
    const message = this.#message
    return new Promise((resolve, reject) => {
      const stall = (): void => {
        this.#wake = undefined
        reject(new Interruption(`no byte for ${this.#stallTimeout} ms`))
      }
      let isGathering = false
      let timer = setTimeout(stall, this.#stallTimeout)
      const take = (): void => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve(message.read(Math.min(limit, message.readableLength)))
      }
      const look = (): void => {
        const { readableLength, complete, readableEnded, destroyed } = message
        const isAll = readableLength >= limit || (complete && readableLength > 0)
        if (isAll || readableEnded || destroyed) take()
        else if (readableLength > 0 && !isGathering) {
          isGathering = true
          clearTimeout(timer)
          timer = setTimeout(take, GATHER_MS)
        }
      }
      this.#wake = look
      look()
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
