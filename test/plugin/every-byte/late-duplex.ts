import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { KeptChunks } from './kept-chunks.ts'

const LATE_MS = 5

/** When a connection hands its bytes to the socket: always after it has acknowledged them, or before. */
export type Delivery = 'at once' | 'late'

/** A connection that is not a socket: it acknowledges each write early and keeps the Buffers. */
export class LateDuplex extends Duplex {
  readonly #socket: Socket
  readonly #kept: KeptChunks
  readonly #delivery: Delivery

  constructor(socket: Socket, kept: KeptChunks, delivery: Delivery) {
    super()
    this.#socket = socket
    this.#kept = kept
    this.#delivery = delivery
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#kept.keep(chunk)
    if (this.#delivery === 'at once') this.#socket.write(Buffer.from(chunk))
    else if (chunk.byteLength > 0) setTimeout(() => this.#deliver(chunk), LATE_MS)
    callback()
  }

  /** Memory that was taken back is empty: the bytes are gone, and the connection is cut. */
  #deliver(chunk: Buffer): void {
    if (chunk.byteLength === 0) this.#socket.destroy()
    else this.#socket.write(Buffer.from(chunk))
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy()
    callback(error)
  }
}
