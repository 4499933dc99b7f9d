// Gathers the bytes of one answer and writes them in large batches, keeping their CRC.
import { crc32 } from 'node:zlib'
import { areManyLent, collectChunks, giveBack, lend } from './buffers.ts'
import type { PartFile } from './part-file.ts'
import type { Block } from './plan.ts'

/** Bytes wait no longer than this for more to join them, in ms. */
const PATIENCE = 100

/** Writes under way at once: the next one must not have to wait for the event loop to come round. */
const AT_ONCE = 2

/** How a writer works; sizes in bytes. */
export interface BlockWriterOptions {
  /** Gathered before a write starts; up to the size of a buffer. */
  readonly batch: number
  /** Taken and not yet written, at most, about. */
  readonly backlog: number
  /** Called after each write, also a failed one. */
  readonly onWritten: () => void
}

/** A buffer, `filled` from its beginning. */
interface Batch {
  readonly buffer: Buffer
  filled: number
}

/** Writes consecutive bytes; `block` says which have reached the file (not yet the disk). */
export class BlockWriter {
  readonly #part: PartFile
  readonly #options: BlockWriterOptions
  #block: Block
  /** The block as it is when all writes that have begun are done. */
  #begun: Block
  /** What no write has begun for, in order; only the last has room. */
  #waiting: Batch[] = []
  #unwritten = 0
  #running = 0
  /** Resolves when all writes that have begun are done. */
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown = null
  #timer: NodeJS.Timeout | undefined

  constructor(part: PartFile, start: number, options: BlockWriterOptions) {
    this.#part = part
    this.#options = options
    this.#block = { start, end: start, crc: 0 }
    this.#begun = this.#block
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

  /** Takes a chunk. Returns what to wait for before the next one, if the disk is behind. */
  push(chunk: Buffer): Promise<void> | null {
    if (this.#failure !== null) return null
    this.#gather(chunk)
    this.#startFull()
    return this.#unwritten < this.#most ? null : this.#drained()
  }

  /** Resolves when everything taken is in the file. @throws DownloadError of the file system's kind */
  async flush(): Promise<void> {
    do {
      this.#start()
      await this.#writing
    } while (this.#unwritten > 0)
    clearTimeout(this.#timer)
    if (this.#failure !== null) throw this.#failure
  }

  get #most(): number {
    const { batch, backlog } = this.#options
    return areManyLent() ? 2 * batch : Math.max(2 * batch, backlog)
  }

  /** Goes on at half: a connection that stops and starts for each write costs more than the writing. */
  async #drained(): Promise<void> {
    while (this.#unwritten > this.#most / 2) await this.#writing
  }

  #gather(chunk: Buffer): void {
    const { batch } = this.#options
    for (let done = 0; done < chunk.length; ) {
      let last = this.#waiting.at(-1)
      if (last === undefined || last.filled >= batch) {
        last = { buffer: lend(), filled: 0 }
        this.#waiting.push(last)
      }
      const taken = chunk.copy(last.buffer, last.filled, done, done + batch - last.filled)
      last.filled += taken
      done += taken
    }
    this.#unwritten += chunk.length
    collectChunks(chunk.length)
  }

  #startFull(): void {
    while (this.#running < AT_ONCE && (this.#waiting[0]?.filled ?? 0) >= this.#options.batch) this.#start()
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#start(), PATIENCE)
  }

  /** Starts to write the first that waits, full or not. */
  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#running === AT_ONCE) return
    const batch = this.#waiting.shift()
    if (batch === undefined) return
    this.#running++
    this.#writing = this.#write(batch, this.#writing)
  }

  async #write({ buffer, filled }: Batch, before: Promise<void>): Promise<void> {
    const bytes = buffer.subarray(0, filled)
    const { start, end, crc } = this.#begun
    const block = { start, end: end + filled, crc: crc32(bytes, crc) }
    this.#begun = block
    try {
      await this.#part.write(bytes, end)
    } catch (error) {
      this.#failure ??= error
    }
    giveBack(buffer)
    await before // writes may overtake each other; a block has no holes
    this.#running--
    if (this.#failure === null) {
      this.#block = block
      this.#unwritten -= filled
      this.#startFull()
    } else {
      this.#abandon()
    }
    this.#options.onWritten()
  }

  #abandon(): void {
    for (const { buffer } of this.#waiting.splice(0)) giveBack(buffer)
    this.#unwritten = 0
  }
}
