import type { IncomingMessage } from 'node:http'
import { type OwnBytes, ownBytes, ownOf } from '../sources/own-bytes.ts'
import type { Lease } from './leases.ts'
import { Interruption } from './upstream-errors.ts'

/** Bytes of a body that are read to their end so that the connection can be kept. More are not worth it. */
const MAX_DRAINED_BYTES = 64 * 1024

/** The most bytes that are handed out at a time. If as many wait to be taken, no more are read. */
const MAX_CHUNK_BYTES = 64 * 1024

/** As many bytes that came together, or more, are handed out as they are. Fewer wait for others. */
const MIN_PIECE_BYTES = 32 * 1024

/**
 * Ms that bytes wait for those that follow them, since each chunk costs more than its bytes. A client notices no such time.
 */
const GATHER_MS = 10

/** The body of an answer of a store, and its connection. Exactly one of `finish` and `destroy` must be called in the end. */
export class ReceivedBody {
  readonly lease: Lease
  readonly #message: IncomingMessage
  readonly #stallTimeout: number
  /** Bytes that have come and were not taken. Node makes new memory for each piece, and a view of it without the head. */
  #pieces: Buffer[] = []
  #length = 0
  #isOver = false
  /** What the next call of `fill` throws. */
  #stall: Interruption | undefined
  #wake: (() => void) | undefined

  constructor(message: IncomingMessage, lease: Lease, stallTimeout: number) {
    this.#message = message
    this.lease = lease
    this.#stallTimeout = stallTimeout
    const wake = (): void => this.#wake?.()
    for (const event of ['end', 'error', 'close']) message.on(event, wake)
    // Nothing is read before it is asked for.
    message.pause()
    message.on('data', (piece: Buffer) => this.#receive(piece))
  }

  #receive(piece: Buffer): void {
    if (this.#isOver) return
    this.#pieces.push(piece)
    this.#length += piece.length
    this.#wake?.()
    if (this.#length >= MAX_CHUNK_BYTES) this.#message.pause()
  }

  /**
   * The next bytes, `max` at most, in memory of their own; undefined at the end. Fewer come at the end of the body, and if
   * the store is slow.
   *
   * @throws Interruption if the connection breaks or stalls
   */
  async next(max: number = MAX_CHUNK_BYTES): Promise<OwnBytes | undefined> {
    const limit = Math.min(max, MAX_CHUNK_BYTES)
    if (!this.#has(limit)) await this.#waitFor(limit)
    if (this.#length === 0) return this.#ended()
    if (this.#hasLongPiece()) return ownOf(this.#take(limit))
    const chunk = ownBytes(Math.min(limit, this.#length))
    this.#moveTo(chunk)
    return chunk
  }

  /**
   * Copies the next bytes to `target` as they come, until it is full; returns how many. Fewer come if the body ends, and if its
   * connection breaks or stalls, which the next call says. Writes nothing after it has settled.
   *
   * @throws Interruption if the connection breaks or stalls before a byte
   */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0
    const move = (): boolean => {
      filled += this.#moveTo(filled === 0 ? target : target.subarray(filled))
      return filled === target.length || this.#message.readableEnded || this.#message.destroyed
    }
    if (!move()) this.#stall ??= await this.#stallBefore(move)
    if (filled > 0) return filled
    if (this.#stall !== undefined) throw this.#stall
    this.#ended()
    return 0
  }

  /** Whether bytes wait to be taken. */
  get hasMore(): boolean {
    return this.#length > 0
  }

  /** Moves what has come to `target`, or as much as there is room for. Returns how many bytes that are. */
  #moveTo(target: Uint8Array): number {
    let moved = 0
    while (moved < target.length && this.#length > 0)
      moved += this.#take(target.length - moved).copy(target, moved)
    return moved
  }

  /** Calls `move` whenever something has come, until it is done, or nothing comes any more. */
  #stallBefore(move: () => boolean): Promise<Interruption | undefined> {
    return new Promise((resolve) => {
      const end = (stall?: Interruption): void => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve(stall)
      }
      const timer = setTimeout(() => end(this.#noByte()), this.#stallTimeout)
      this.#wake = () => {
        if (move()) end()
        else timer.refresh()
      }
      this.#message.resume()
    })
  }

  #noByte(): Interruption {
    return new Interruption(`no byte for ${this.#stallTimeout} ms`)
  }

  #ended(): undefined {
    if (!this.#message.readableEnded) throw new Interruption('the connection to the store broke')
  }

  /** Takes bytes out of the first piece. */
  #take(max: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#pieces
    const taken = first.subarray(0, max)
    this.#length -= taken.length
    if (taken.length < first.length) this.#pieces[0] = first.subarray(max)
    else this.#pieces.shift()
    return taken
  }

  #hasLongPiece(): boolean {
    return (this.#pieces[0]?.length ?? 0) >= MIN_PIECE_BYTES
  }

  /** Whether this many bytes have come, or all there are, or enough of them together. */
  #has(count: number): boolean {
    const { complete, readableLength, readableEnded, destroyed } = this.#message
    const isAll = complete && readableLength === 0 && this.#length > 0
    return this.#length >= count || this.#hasLongPiece() || isAll || readableEnded || destroyed
  }

  /** Waits until this many bytes have come, or the body has ended; for the rest of some bytes, only for a short time. */
  #waitFor(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const stall = (): void => {
        this.#wake = undefined
        reject(this.#noByte())
      }
      const done = (): void => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve()
      }
      let isGathering = false
      let timer = setTimeout(stall, this.#stallTimeout)
      const look = (): void => {
        if (this.#has(count)) done()
        else if (this.#length > 0 && !isGathering) {
          isGathering = true
          clearTimeout(timer)
          timer = setTimeout(done, GATHER_MS)
        }
      }
      this.#wake = look
      this.#message.resume()
      look()
    })
  }

  /**
   * All bytes that are needed have been read. The connection is kept if `unread` more bytes are few or none, and the head
   * promises that no more come.
   */
  finish(unread: number): void {
    const message = this.#message
    this.#drop()
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
    message.resume()
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#drop()
    this.#message.destroy()
    this.lease.release()
    this.#wake?.()
  }

  #drop(): void {
    this.#isOver = true
    this.#pieces = []
    this.#length = 0
  }
}
