// Writes the bytes of one answer in large batches, keeping their CRC.
import { crc32 } from 'node:zlib'
import { BUFFER_BYTES, nextBufferSize } from '../files/buffers.ts'
import type { Block } from '../state/blocks.ts'
import { type Batch, BatchBuffer } from './batch-buffer.ts'
import type { PartFile } from './part-file.ts'

/** Writes under way at once: the next one must not have to wait for the event loop to come round. */
const MAX_WRITES = 2

/** How a writer works; sizes in bytes. */
export interface BlockWriterOptions {
  /** Gathered before a write starts; up to the size of a buffer. */
  readonly batch: number
  /** Taken and not yet written, at most, about. */
  readonly backlog: number
  /** What to wait for while the journal is behind, or null. */
  readonly journalBacklog: () => Promise<void> | null
  /** Called after each write, also a failed one. */
  readonly onWritten: () => void
}

/** Writes consecutive bytes; `block` says which have reached the file (not yet the disk). */
export class BlockWriter {
  readonly #part: PartFile
  readonly #options: BlockWriterOptions
  #block: Block
  /** The block as it is when all writes that have begun are done. */
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

  /** What has been written, with its CRC-32. */
  get block(): Block {
    return this.#block
  }

  /** Bytes taken, written or not. */
  get length(): number {
    return this.#block.end - this.#block.start + this.#unwritten
  }

  /** The failure of a write, or null. */
  get failure(): unknown {
    return this.#failure
  }

  /** Takes a chunk. Returns what to wait for before the next one, if the disk or the journal is behind. */
  push(chunk: Buffer): Promise<void> | null {
    if (this.#failure !== null) return null
    this.#unwritten += chunk.length
    this.#batches.put(chunk)
    this.#startAll()
    return this.#unwritten < this.#most ? this.#options.journalBacklog() : this.#drained()
  }

  /**
   * Where the next bytes may be put, to be pushed from there without a copy. Remains of use until the next `push()`,
   * `reserve()` or `flush()`, whatever else happens.
   */
  reserve(): Buffer {
    const space = this.#batches.reserve()
    this.#startAll()
    return space
  }

  /** Resolves when everything taken is in the file. @throws DownloadError of the file system's kind */
  async flush(): Promise<void> {
    this.#batches.close()
    do {
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

  /** Goes on at half: a connection that stops and starts for each write costs more than the writing. */
  async #drained(): Promise<void> {
    while (this.#running > 0 && this.#unwritten > this.#most / 2) await this.#writing
    await this.#options.journalBacklog()
  }

  #startAll(): void {
    while (this.#running < MAX_WRITES && this.#batches.isWaiting) this.#start()
  }

  /** Starts to write the first that waits. */
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
    await before // writes may overtake each other; a block has no holes
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
