import type { ServerResponse } from 'node:http'
import { SocketWatch, watchSystemWrites } from '../connection/native-response.ts'
import { BULK_BYTES_PER_TURN, CAREFUL_CHUNK_BYTES, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'
import { ownBytes } from '../sources/own-bytes.ts'
import { fillChunk, freshChunk, staging, takeChunk } from './chunk-memory.ts'
import type { Chunk } from './chunk-pool.ts'
import { isKeepingUp, noteWritten } from './keeping-up.ts'
import type { PieceReader } from './piece-reader.ts'
import { isCrowded, noteWrite, turnToWrite } from './write-turns.ts'

/** The first bytes of a body, which were read before its head was sent. */
export interface FirstChunk {
  readonly chunk: Chunk
  readonly count: number
  /** Whether the memory is used again. */
  readonly isPooled: boolean
}

/** What a {@link Pump} is made of. */
export interface PumpOptions {
  readonly reader: PieceReader
  /** The bytes before those of the reader. */
  readonly first?: FirstChunk | undefined
  /** Writes to a socket of the system through Node's own methods. */
  readonly response: ServerResponse
  /** Called with the count of bytes of each write that was reported. */
  readonly onWritten: (byteCount: number) => void
  /** Called when something else has written into the socket of the response. No byte goes out after it. */
  readonly onForeign: () => void
}

/**
 * Writes a body into a response, with memory that is used again.
 *
 * A client that keeps up gets a chunk for itself, and so does any client while few stall. The chunk goes back to the
 * pool only when the write was reported and the socket has passed the bytes on. The other clients share memory that is
 * read into and copied from, and only the copies are written.
 */
export class Pump {
  readonly #response: ServerResponse
  readonly #onWritten: (byteCount: number) => void
  /** Node's own methods, below the guard that keeps other code from writing. */
  readonly #native: Pick<ServerResponse, 'write' | 'end'>
  readonly #socket: SocketWatch | undefined
  readonly #onForeign: () => void
  #reader: PieceReader
  #first: FirstChunk | undefined
  #bytesWritten = 0
  #isStopped = false
  #hasWritten = false
  /** The chunk whose write has not been reported. */
  #unreported: Chunk | undefined
  /** Stops waiting for a write that the response will never report. */
  #abandonWrite: (() => void) | undefined

  constructor({ reader, first, response, onWritten, onForeign }: PumpOptions) {
    this.#reader = reader
    this.#first = first
    this.#response = response
    this.#native = { write: response.write, end: response.end }
    this.#socket = SocketWatch.of(response)
    this.#onForeign = onForeign
    this.#onWritten = onWritten
  }

  /**
   * Writes the whole body, and ends the response with it. Settles when nothing reads any more, also after {@link stop}.
   * Rejects if a read fails.
   */
  async run(): Promise<void> {
    const { socket } = this.#response
    const first = this.#takeFirst()
    if (first !== undefined) await first
    while (this.#reader.remaining > 0 && !this.#isStopped) {
      const chunk = takeChunk(this.#reader, isKeepingUp(this.#response, this.#bytesWritten))
      if (chunk === undefined) await this.#writeCopies()
      else await this.#writeFilled(chunk, await fillChunk(this.#reader, chunk))
    }
    // Fastify destroys a payload at the end of its response. The bytes that were sent count all the same.
    if (this.#reader.remaining === 0) noteWritten(socket, this.#bytesWritten)
  }

  /** Stops writing. The socket may keep the bytes that are being written, so their memory is not used again. */
  stop(): void {
    this.#isStopped = true
    this.#abandonWrite?.()
    this.#unreported?.writeOff()
  }

  /** Its memory is not referred to any more when it is written. */
  #takeFirst(): Promise<void> | undefined {
    const first = this.#first
    this.#first = undefined
    return first === undefined ? undefined : this.#writeFilled(first.chunk, first.count)
  }

  /** Writes a chunk; in parts while many long bodies wait, so that short answers get their turn in between. */
  async #writeFilled(chunk: Chunk, count: number): Promise<void> {
    const isWithSystem = watchSystemWrites(this.#response)
    let written = 0
    let reported = 0
    while (written < count) {
      const most = isCrowded() ? BULK_BYTES_PER_TURN : count
      const part = chunk.bytes.subarray(written, Math.min(count, written + most))
      if (this.#hasWritten) await this.#turnFor(part)
      else noteWrite(part.length)
      if (this.#isStopped) break
      this.#hasWritten = true
      written += part.length
      this.#unreported = chunk
      await this.#write(part, {
        isLast: this.#reader.remaining === 0 && written === count,
        onReported: (error) => {
          this.#unreported = undefined
          if (!error) reported += part.length
        },
      })
    }
    if (reported === written && isWithSystem(written)) chunk.giveBack()
    else chunk.writeOff()
  }

  /**
   * Waits for the turn of a part. The first bytes never wait: they go out with the head, and if something else wrote into the
   * response before them, nothing would show it.
   */
  #turnFor({ length }: Uint8Array): Promise<void> | undefined {
    return length > SMALL_CHUNK_BYTES ? turnToWrite(length) : undefined
  }

  /** Reads a chunk at once and writes small copies of it, for a client that may stop at any byte. */
  async #writeCopies(): Promise<void> {
    const staged = staging.take()
    if (staged === undefined) {
      const chunk = freshChunk(CAREFUL_CHUNK_BYTES)
      return this.#writeFilled(chunk, await fillChunk(this.#reader, chunk))
    }
    const remainder = this.#reader.copy()
    const count = await fillChunk(this.#reader, staged)
    let passed = 0
    while (passed < count && !this.#isStopped && staged.bytes.length > 0) {
      const part = ownBytes(Math.min(CAREFUL_CHUNK_BYTES, count - passed))
      staged.bytes.copy(part, 0, passed)
      passed += part.length
      staging.wait(staged)
      await this.#write(part, { isLast: this.#reader.remaining === 0 && passed === count })
    }
    staging.giveBack(staged)
    if (passed === count) return
    remainder.forward(passed)
    this.#reader = remainder
  }

  /** Settles when the write was reported, or never will be. */
  #write(bytes: Buffer, { isLast, onReported }: WriteOptions): Promise<void> {
    const { length } = bytes
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#abandonWrite = undefined
        resolve()
      }
      const written = (error?: Error | null): void => {
        onReported?.(error)
        if (!error) {
          this.#bytesWritten += length
          this.#onWritten(length)
        }
        finish()
      }
      this.#abandonWrite = finish
      if (this.#socket?.isUntouched() === false) this.#onForeign()
      const { write, end } = this.#native
      Reflect.apply(isLast ? end : write, this.#response, [bytes, written])
      this.#socket?.note(length)
    })
  }
}

interface WriteOptions {
  /** Whether the response ends with these bytes. */
  readonly isLast: boolean
  readonly onReported?: (error?: Error | null) => void
}
