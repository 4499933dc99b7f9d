// The bytes of one answer on their way into pieces that are worth a write.
import { collectChunks, PAGE_BYTES, SharedBuffer } from '../files/buffers.ts'

/** Bytes wait no longer than this for more to join them, in ms. */
const MAX_WAIT_MS = 100

/** A room smaller than this share of a batch is not worth a read. */
const MIN_SPACE_SHARE = 1 / 8

/** Part of a buffer, to be written. Where it is filled fast, it begins and ends with a page of memory and of the file. */
export interface Batch {
  readonly memory: SharedBuffer
  readonly bytes: Buffer
}

/** How bytes are gathered. */
export interface BatchBufferOptions {
  /** Bytes of a piece, at most, about; up to the size of a buffer. */
  readonly batch: number
  /** Called when pieces have waited long enough. */
  readonly onDue: () => void
}

/**
 * A buffer that is being filled, up to `limit`. Up to `cut` its bytes are written or wait for it. Pages begin in it
 * where they do in the file.
 */
interface OpenBuffer {
  readonly memory: SharedBuffer
  readonly limit: number
  cut: number
  filled: number
}

/** Gathers consecutive bytes. Each piece that is taken out is released by who took it. */
export class BatchBuffer {
  readonly #options: BatchBufferOptions
  /** Filled, in order. */
  #waiting: Batch[] = []
  #open: OpenBuffer | null = null
  /** Where in the file the next byte belongs. */
  #position: number
  #timer: NodeJS.Timeout | undefined
  #isAbandoned = false

  constructor(start: number, options: BatchBufferOptions) {
    this.#position = start
    this.#options = options
  }

  /** Is a piece ready to be taken out? */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes bytes; without a copy where they are in the {@link room}. */
  put(chunk: Buffer): void {
    if (this.#isInBuffer(chunk)) this.#fill(chunk.length)
    else this.#copy(chunk)
  }

  /** Where the next bytes may be put. Remains of use until the next call of a method. */
  reserve(): Buffer {
    const { limit, filled } = this.#opened()
    if (limit - filled < limit * MIN_SPACE_SHARE) this.#startNext()
    const open = this.#opened()
    return open.memory.buffer.subarray(open.filled, open.limit)
  }

  /** The first piece that waits. */
  take(): Batch | undefined {
    return this.#waiting.shift()
  }

  /** Nothing more is put into the open buffer: all there is waits to be taken. */
  close(): void {
    this.#cut()
    this.#open?.memory.release()
    this.#open = null
  }

  /** What waits is of no use any more, nor is what comes. */
  abandon(): void {
    this.#isAbandoned = true
    for (const { memory } of this.#waiting.splice(0)) memory.release()
  }

  #copy(chunk: Buffer): void {
    for (let done = 0; done < chunk.length; ) {
      const { memory, filled, limit } = this.#opened()
      const taken = chunk.copy(memory.buffer, filled, done, done + limit - filled)
      this.#fill(taken)
      done += taken
    }
    collectChunks(chunk.length)
  }

  #fill(bytes: number): void {
    const open = this.#opened()
    open.filled += bytes
    this.#position += bytes
    this.#timer ??= setTimeout(() => {
      this.#cut()
      this.#options.onDue()
    }, MAX_WAIT_MS)
    if (open.filled === open.limit) this.close()
  }

  #isInBuffer(chunk: Buffer): boolean {
    if (this.#open === null) return false
    const { memory, filled } = this.#open
    return chunk.buffer === memory.buffer.buffer && chunk.byteOffset === memory.buffer.byteOffset + filled
  }

  #opened(): OpenBuffer {
    if (this.#open === null) {
      const memory = new SharedBuffer()
      const batch = Math.ceil(this.#options.batch / PAGE_BYTES) * PAGE_BYTES
      const first = this.#position % PAGE_BYTES
      this.#open = { memory, limit: Math.min(batch, memory.buffer.length), cut: first, filled: first }
    }
    return this.#open
  }

  /** Nothing more is put into the open buffer. The page that it ends in goes on in the next one. */
  #startNext(): void {
    const open = this.#opened()
    const full = open.filled - (open.filled % PAGE_BYTES)
    const remainder = full > open.cut ? open.filled - full : 0
    open.filled -= remainder
    this.#position -= remainder
    this.close()
    if (remainder === 0) return
    open.memory.buffer.copy(this.#opened().memory.buffer, 0, full, full + remainder)
    this.#fill(remainder)
  }

  /** What has been put into the open buffer waits to be taken; the remainder of it stays open. */
  #cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isAbandoned || this.#open === null || this.#open.cut === this.#open.filled) return
    const { memory, cut, filled } = this.#open
    this.#waiting.push({ memory: memory.keep(), bytes: memory.buffer.subarray(cut, filled) })
    this.#open.cut = filled
  }
}
