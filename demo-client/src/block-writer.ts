// Gathers the bytes of one answer and writes them in large batches, keeping their CRC.
import { crc32 } from 'node:zlib'
import type { PartFile } from './part-file.ts'
import type { Block } from './plan.ts'

/** Most bytes gathered for a write. */
export const BATCH: number = 512 * 1024
/** Bytes wait no longer than this for more to join them, in ms. */
const PATIENCE = 100

/**
 * Buffers no longer in use, for whoever needs one next. What came from the network is copied into them: it
 * then dies young, whereas buffers kept until written would fill the heap until its next full collection.
 */
const spare: Buffer[] = []
/** More than this many are not kept. */
const MOST_SPARE = 16

function takeBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(BATCH)
}

function giveBack(buffer: Buffer): void {
  if (spare.length < MOST_SPARE) spare.push(buffer)
}

/** How a writer works. */
export interface BlockWriterOptions {
  /** Bytes gathered before a write starts, and at most, about, while another is under way; up to {@link BATCH}. */
  readonly batch: number
  /** Called after each write, also a failed one. */
  readonly onWritten: () => void
}

/** Writes consecutive bytes; `block` says which have reached the file (not yet the disk). */
export class BlockWriter {
  readonly #part: PartFile
  readonly #options: BlockWriterOptions
  #block: Block
  /** Bytes taken that no write has begun for: the first `#filled` of this buffer. */
  #buffer: Buffer | null = null
  #filled = 0
  #inFlight = 0
  #writing: Promise<void> | null = null
  #failure: unknown = null
  #timer: NodeJS.Timeout | undefined

  constructor(part: PartFile, start: number, options: BlockWriterOptions) {
    this.#part = part
    this.#options = options
    this.#block = { start, end: start, crc: 0 }
  }

  /** What has been written, with its CRC-32. */
  get block(): Block {
    return this.#block
  }

  /** Bytes taken, written or not. */
  get length(): number {
    return this.#block.end - this.#block.start + this.#inFlight + this.#filled
  }

  /** The failure of a write, or null. */
  get failure(): unknown {
    return this.#failure
  }

  /** Takes a chunk. Returns what to wait for before the next one, if the disk is behind. */
  push(chunk: Buffer): Promise<void> | null {
    if (this.#failure !== null) return null
    this.#buffer ??= takeBuffer()
    const taken = chunk.copy(this.#buffer, this.#filled)
    this.#filled += taken
    const rest = chunk.subarray(taken)
    if (this.#writing !== null) {
      return this.#filled < this.#options.batch ? null : this.#writing.then(() => this.#pushAgain(rest))
    }
    if (this.#filled >= this.#options.batch) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), PATIENCE)
    return rest.length > 0 ? this.push(rest) : null
  }

  /** Resolves when everything taken is in the file. @throws DownloadError of the file system's kind */
  async flush(): Promise<void> {
    while (this.#failure === null && (this.#writing !== null || this.#filled > 0)) {
      this.#start()
      await this.#writing
    }
    clearTimeout(this.#timer)
    if (this.#failure !== null) throw this.#failure
  }

  async #pushAgain(rest: Buffer): Promise<void> {
    this.#start()
    if (rest.length > 0) await this.push(rest)
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== null || this.#filled === 0 || this.#failure !== null) return
    this.#writing = this.#write().finally(() => {
      this.#writing = null
      if (this.#filled >= this.#options.batch) this.#start()
      else if (this.#filled > 0) this.#timer ??= setTimeout(() => this.#start(), PATIENCE)
    })
  }

  async #write(): Promise<void> {
    const buffer = this.#buffer
    if (buffer === null) return
    const bytes = buffer.subarray(0, this.#filled)
    const { start, end } = this.#block
    this.#inFlight = this.#filled
    this.#buffer = null
    this.#filled = 0
    try {
      const crc = crc32(bytes, this.#block.crc)
      await this.#part.write(bytes, end)
      this.#block = { start, end: end + bytes.length, crc }
    } catch (error) {
      this.#failure = error
    } finally {
      this.#inFlight = 0
      giveBack(buffer)
      this.#options.onWritten()
    }
  }
}
