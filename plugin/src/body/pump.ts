import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { SocketWatch, watchSystemWrites } from '../connection/native-response.ts'
import {
  CAREFUL_CHUNK_BYTES,
  LARGE_CHUNK_BYTES,
  LARGE_CHUNKS,
  SMALL_CHUNK_BYTES,
  SMALL_CHUNKS,
  STAGING_CHUNKS,
} from '../memory-bounds.ts'
import { ownBytes } from '../sources/own-bytes.ts'
import { type Chunk, ChunkPool } from './chunk-pool.ts'
import type { PieceReader } from './piece-reader.ts'
import { Staging } from './staging.ts'

const large = new ChunkPool({ chunkBytes: LARGE_CHUNK_BYTES, ...LARGE_CHUNKS })
/** For all bodies, and for answers that are sent in one piece. */
export const smallChunks: ChunkPool = new ChunkPool({ chunkBytes: SMALL_CHUNK_BYTES, ...SMALL_CHUNKS })
const staging = new Staging({ chunkBytes: SMALL_CHUNK_BYTES, inUse: STAGING_CHUNKS })
/** Socket buffers at both ends take up to this many bytes before the client reads one. */
const SOCKET_BUFFER_BYTES = 10 * 1024 * 1024
/** A client that has read this many bytes counts as keeping up. */
const KEEPING_UP_BYTES = 128 * 1024
/** If more large chunks than this are overdue, only clients that keep up get one. */
const MAX_OVERDUE_FOR_LARGE = 4

/** Bytes of earlier responses on a connection. The next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

/** What a {@link Pump} is made of. */
export interface PumpOptions {
  readonly reader: PieceReader
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
  #bytesWritten = 0
  #isStopped = false
  /** The chunk whose write has not been reported. */
  #unreported: Chunk | undefined
  /** Stops waiting for a write that the response will never report. */
  #abandonWrite: (() => void) | undefined

  constructor({ reader, response, onWritten, onForeign }: PumpOptions) {
    this.#reader = reader
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
    const before = socket === null ? 0 : (takenBefore.get(socket) ?? 0)
    while (this.#reader.remaining > 0 && !this.#isStopped) {
      const isKeepingUp = before + Math.max(0, this.#bytesWritten - SOCKET_BUFFER_BYTES) >= KEEPING_UP_BYTES
      const chunk = this.#takeChunk(isKeepingUp)
      if (chunk === undefined) await this.#writeCopies()
      else await this.#writeChunk(chunk)
    }
    // Fastify destroys a payload at the end of its response. The bytes that were sent count all the same.
    if (socket !== null && this.#reader.remaining === 0) takenBefore.set(socket, before + this.#bytesWritten)
  }

  /** Stops writing. The socket may keep the bytes that are being written, so their memory is not used again. */
  stop(): void {
    this.#isStopped = true
    this.#abandonWrite?.()
    this.#unreported?.writeOff()
  }

  /**
   * Takes a large chunk for a client that keeps up, and for others while few large ones are overdue. Otherwise takes a
   * small one while enough are free. An answer of many parts needs much memory for its ranges, and gets no chunk.
   */
  #takeChunk(isKeepingUp: boolean): Chunk | undefined {
    const { remaining, hasManyPieces } = this.#reader
    if (remaining <= CAREFUL_CHUNK_BYTES) return freshChunk(remaining)
    if (hasManyPieces) return undefined
    if (remaining > SMALL_CHUNK_BYTES) {
      const hasSpareLarge = large.overdue < MAX_OVERDUE_FOR_LARGE && large.free > (LARGE_CHUNKS.inUse * 7) / 8
      const chunk = isKeepingUp || hasSpareLarge ? large.take() : undefined
      if (chunk !== undefined) return chunk
    }
    return isKeepingUp || smallChunks.free > SMALL_CHUNKS.inUse / 4 ? smallChunks.take() : undefined
  }

  async #writeChunk(chunk: Chunk): Promise<void> {
    const count = await this.#fill(chunk)
    if (this.#isStopped) return chunk.giveBack()
    const isWithSystem = watchSystemWrites(this.#response)
    this.#unreported = chunk
    await this.#write(chunk.bytes.subarray(0, count), {
      isLast: this.#reader.remaining === 0,
      onReported: (error) => {
        this.#unreported = undefined
        if (error || !isWithSystem(count)) chunk.writeOff()
        else chunk.giveBack()
      },
    })
  }

  /** Reads a chunk at once and writes small copies of it, for a client that may stop at any byte. */
  async #writeCopies(): Promise<void> {
    const staged = staging.take()
    if (staged === undefined) return this.#writeChunk(freshChunk(CAREFUL_CHUNK_BYTES))
    const remainder = this.#reader.copy()
    const count = await this.#fill(staged)
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

  async #fill(chunk: Chunk): Promise<number> {
    try {
      return await this.#reader.fill(chunk.bytes)
    } catch (error) {
      // The read of a source may have been given up, and may still go on.
      chunk.writeOff()
      throw error
    }
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

/** Memory that is not used again. */
function freshChunk(length: number): Chunk {
  return { bytes: ownBytes(length), giveBack() {}, writeOff() {} }
}
