// Writes the bytes of one answer in large batches, and computes their CRC.
import { crc32 } from 'node:zlib'
import { BUFFER_BYTES, nextBufferSize } from '../files/buffers.ts'
import type { Block } from '../state/blocks.ts'
import { type Batch, BatchBuffer } from './batch-buffer.ts'
import type { PartFile } from './part-file.ts'

/** Writes at the same time, so that the next one does not wait for the event loop. */
const MAX_WRITES = 2

/** How a writer works; sizes in bytes. */
export interface BlockWriterOptions {
  /** Bytes collected before a write starts; at most the size of a buffer. */
  readonly batch: number
  /** About the most bytes that are accepted and not yet written. */
  readonly backlog: number
  /** What to wait for while the journal is behind, or null. */
  readonly journalBacklog: () => Promise<void> | null
  /** Called after each write, even a failed one. */
  readonly onWritten: () => void
}

/** Writes consecutive bytes. `block` says which of them are in the file, though perhaps not yet on the disk. */
export class BlockWriter {
  readonly #part: PartFile
  readonly #options: BlockWriterOptions
  #block: Block
  /** The block as it will be when all writes that have begun are done. */
  #begun: Block
  readonly #batches: BatchBuffer
  #unwritten = 0
  #running = 0
  /** Resolves when all writes that have begun are done. */
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown = null

  constructor(part: PartFile, start: number, options: BlockWriterOptions) {
    this.#part = part
    this.#options = options
    this.#block = { start, end: start, crc: 0 }
    this.#begun = this.#block
    this.#batches = new BatchBuffer(start, { batch: options.batch, onDue: () => this.#startAll() })
  }

  /** The written bytes, with their CRC-32. */
  get block(): Block {
    return this.#block
  }

  /** Bytes accepted, written or not. */
  get length(): number {
    return this.#block.end - this.#block.start + this.#unwritten
  }

  /** The failure of a write, or null. */
  get failure(): unknown {
    return this.#failure
  }

  /** Accepts a chunk. Returns what to wait for before the next one if the disk or the journal is behind. */
  push(chunk: Buffer): Promise<void> | null {
    if (this.#failure !== null) return null
    this.#unwritten += chunk.length
    this.#batches.put(chunk)
    this.#startAll()
    return this.#unwritten < this.#most ? this.#options.journalBacklog() : this.#drained()
  }

  /**
   * Free space for the next bytes. A chunk that is read into it is pushed without a copy. It is valid until the next
   * `push()`, `reserve()` or `flush()`, even after a failure.
   */
  reserve(): Buffer {
    const space = this.#batches.reserve()
    this.#startAll()
    return space
  }

  /**
   * Resolves when all accepted bytes are in the file, those that come meanwhile too. Without a batch of those, this would wait
   * for nothing again and again, and block the process.
   * @throws DownloadError of the file system's kind
   */
  async flush(): Promise<void> {
    do {
      this.#batches.close()
      this.#start()
      await this.#writing
    } while (this.#unwritten > 0)
    if (this.#failure !== null) throw this.#failure
  }

  get #most(): number {
    const { batch, backlog } = this.#options
    return nextBufferSize() < BUFFER_BYTES
      ? 2 * Math.min(batch, nextBufferSize())
      : Math.max(2 * batch, backlog)
  }

  /** Resolves at half of the backlog: to stop and start a connection for each write costs more than the write. */
  async #drained(): Promise<void> {
    while (this.#running > 0 && this.#unwritten > this.#most / 2) await this.#writing
    await this.#options.journalBacklog()
  }

  #startAll(): void {
    while (this.#running < MAX_WRITES && this.#batches.isWaiting) this.#start()
  }

  /** Starts to write the first batch that is ready. */
  #start(): void {
    if (this.#running === MAX_WRITES) return
    const batch = this.#batches.take()
    if (batch === undefined) return
    this.#running++
    this.#writing = this.#write(batch, this.#writing)
  }

  async #write({ memory, bytes }: Batch, before: Promise<void>): Promise<void> {
    const { start, end, crc } = this.#begun
    const block = { start, end: end + bytes.length, crc: crc32(bytes, crc) }
    this.#begun = block
    try {
      await this.#part.write(bytes, end)
    } catch (error) {
      this.#failure ??= error
    }
    memory.release()
    await before // writes may end in any order; a block has no holes
    this.#running--
    if (this.#failure === null) {
      this.#block = block
      this.#unwritten -= bytes.length
      this.#startAll()
    } else {
      this.#abandon()
    }
    this.#options.onWritten()
  }

  #abandon(): void {
    this.#batches.abandon()
    this.#unwritten = 0
  }
}
