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
/** For all bodies; also used for answers that are sent in one piece. */
export const smallChunks: ChunkPool = new ChunkPool({ chunkBytes: SMALL_CHUNK_BYTES, ...SMALL_CHUNKS })
const staging = new Staging({ chunkBytes: SMALL_CHUNK_BYTES, inUse: STAGING_CHUNKS })
/** Socket buffers at both ends take up to this many bytes of which the client has not read one. */
const SOCKET_BUFFER_BYTES = 10 * 1024 * 1024
/** A client that has read this many bytes counts as keeping up. */
const KEEPING_UP_BYTES = 128 * 1024
/** More clients than this that stopped reading large chunks: only those that keep up get one. */
const MAX_OVERDUE_FOR_LARGE = 4

/** Bytes of earlier responses that a connection has taken: the next request on it shows that they were read. */
const takenBefore = new WeakMap<Socket, number>()

/** What a {@link Pump} is made of. */
export interface PumpOptions {
  readonly reader: PieceReader
  /** Writes to a socket of the system through Node's own methods. */
  readonly response: ServerResponse
  /** Told the count of bytes of each write that was reported. */
  readonly onWritten: (byteCount: number) => void
  /** Called where something else has written into the socket of the response meanwhile; no byte goes out behind it. */
  readonly onForeign: () => void
}

/**
 * Writes a body into a response, with memory that is used again.
 *
 * A client that keeps up, and any while few stall, has a chunk to itself, which comes back only when the write itself
 * was reported and the socket has passed the bytes on. The others share memory that never leaves: what is written for
 * them are copies.
 */
export class Pump {
  readonly #response: ServerResponse
  readonly #onWritten: (byteCount: number) => void
  /** Node's own methods, past which anything else is kept from writing. */
  readonly #native: Pick<ServerResponse, 'write' | 'end'>
  readonly #socket: SocketWatch | undefined
  readonly #onForeign: () => void
  #reader: PieceReader
  #bytesWritten = 0
  #isStopped = false
  /** The chunk whose write has not been reported. */
  #unreported: Chunk | undefined
  /** Ends the wait for a write that the response will never report. */
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
   * Writes the whole body, and ends the response with it. Settles when nothing reads any more; rejects when a read
   * fails. Settles after what is read at the moment when it is stopped.
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
    // Fastify destroys a payload at the end of its response: what was sent counts all the same.
    if (socket !== null && this.#reader.remaining === 0) takenBefore.set(socket, before + this.#bytesWritten)
  }

  /** Writes nothing more. What is being written may be kept by the socket, so its memory is not used again. */
  stop(): void {
    this.#isStopped = true
    this.#abandonWrite?.()
    this.#unreported?.writeOff()
  }

  /**
   * Large memory for a client that keeps up, and for others while few have let it lie; then small, while few wait. An
   * answer of many parts holds a good deal of memory for its ranges, and no more than it must for its bytes.
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

  /** Reads a good deal at once and writes little at a time, for a client that may stop at any byte. */
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
      // A read of a source may have been given up, and still be going on.
      chunk.writeOff()
      throw error
    }
  }

  /** Settles when the write has been reported, or never will be. */
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

/** Memory that is used once. */
function freshChunk(length: number): Chunk {
  return { bytes: ownBytes(length), giveBack() {}, writeOff() {} }
}
