// Collects the bytes of one answer in batches that are large enough for a write.
import { collectChunks, PAGE_BYTES, SharedBuffer } from '../files/buffers.ts'

/** Bytes wait no longer than this for more bytes. */
const MAX_WAIT_MS = 100

/** Free space smaller than this share of a batch is not worth a read. */
const MIN_SPACE_SHARE = 1 / 8

/** A part of a buffer that is to be written. If bytes come fast, it begins and ends at a page of memory and of the file. */
export interface Batch {
  readonly memory: SharedBuffer
  readonly bytes: Buffer
}

/** How bytes are collected. */
export interface BatchBufferOptions {
  /** About the most bytes of a batch; at most the size of a buffer. */
  readonly batch: number
  /** Called when bytes have waited for {@link MAX_WAIT_MS}. */
  readonly onDue: () => void
}

/**
 * A buffer that is being filled up to `limit`. Its bytes before `cut` are in batches. Pages of the file begin at pages of
 * this memory.
 */
interface OpenBuffer {
  readonly memory: SharedBuffer
  readonly limit: number
  cut: number
  filled: number
}

/** Collects consecutive bytes. The caller releases each batch that it takes. */
export class BatchBuffer {
  readonly #options: BatchBufferOptions
  /** Batches that are ready, in order. */
  #waiting: Batch[] = []
  #open: OpenBuffer | null = null
  /** The position of the next byte in the file. */
  #position: number
  #timer: NodeJS.Timeout | undefined
  #isAbandoned = false

  constructor(start: number, options: BatchBufferOptions) {
    this.#position = start
    this.#options = options
  }

  /** Is a batch ready? */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Adds bytes, without a copy if they are already in the space of {@link reserve}. */
  put(chunk: Buffer): void {
    if (this.#isInBuffer(chunk)) this.#fill(chunk.length)
    else this.#copy(chunk)
  }

  /** Free space for the next bytes. It is valid until the next call of a method. */
  reserve(): Buffer {
    const { limit, filled } = this.#opened()
    if (limit - filled < limit * MIN_SPACE_SHARE) this.#startNext()
    const open = this.#opened()
    return open.memory.buffer.subarray(open.filled, open.limit)
  }

  /** Takes the first batch that is ready. */
  take(): Batch | undefined {
    return this.#waiting.shift()
  }

  /** Makes a batch of the bytes in the open buffer, and closes that buffer. */
  close(): void {
    this.#cut()
    this.#open?.memory.release()
    this.#open = null
  }

  /** Drops all batches, and all bytes that are added later. */
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

  /** Closes the open buffer. Its last, incomplete page moves to the next one. */
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

  /** Makes a batch of the new bytes in the open buffer; its free space stays open. */
  #cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isAbandoned || this.#open === null || this.#open.cut === this.#open.filled) return
    const { memory, cut, filled } = this.#open
    this.#waiting.push({ memory: memory.keep(), bytes: memory.buffer.subarray(cut, filled) })
    this.#open.cut = filled
  }
}
