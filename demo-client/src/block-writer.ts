// Gathers the bytes of one answer and writes them in large batches, keeping their CRC.
import { crc32 } from 'node:zlib'
import type { PartFile } from './part-file.ts'
import type { Block } from './plan.ts'

/** Bytes gathered before a write starts. */
const BATCH = 1024 * 1024
/** Bytes gathered while a write is under way, after which the connection has to wait. */
const FULL = 2 * BATCH
/** Bytes wait no longer than this for more to join them, in ms. */
const PATIENCE = 100

/** Writes consecutive bytes; `block` says which have reached the file (not yet the disk). */
export class BlockWriter {
  readonly #part: PartFile
  readonly #onWritten: () => void
  #block: Block
  #pending: Buffer[] = []
  #pendingBytes = 0
  #inFlight = 0
  #writing: Promise<void> | null = null
  #failure: unknown = null
  #timer: NodeJS.Timeout | undefined

  constructor(part: PartFile, start: number, onWritten: () => void) {
    this.#part = part
    this.#onWritten = onWritten
    this.#block = { start, end: start, crc: 0 }
  }

  /** What has been written, with its CRC-32. */
  get block(): Block {
    return this.#block
  }

  /** Bytes taken, written or not. */
  get length(): number {
    return this.#block.end - this.#block.start + this.#inFlight + this.#pendingBytes
  }

  /** Takes a chunk, which must not be changed afterwards. Returns what to wait for, if there is too much. */
  push(chunk: Buffer): Promise<void> | null {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#writing !== null) return this.#pendingBytes >= FULL ? this.#writing : null
    if (this.#pendingBytes >= BATCH) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), PATIENCE)
    return null
  }

  /** Resolves when everything taken is in the file. @throws DownloadError of the file system's kind */
  async flush(): Promise<void> {
    while (this.#writing !== null || this.#pendingBytes > 0) {
      if (this.#failure !== null) break
      this.#start()
      await this.#writing
    }
    clearTimeout(this.#timer)
    if (this.#failure !== null) throw this.#failure
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== null || this.#pendingBytes === 0 || this.#failure !== null) return
    this.#writing = this.#write().finally(() => {
      this.#writing = null
      if (this.#pendingBytes >= BATCH) this.#start()
      else if (this.#pendingBytes > 0) this.#timer ??= setTimeout(() => this.#start(), PATIENCE)
    })
  }

  async #write(): Promise<void> {
    const chunks = this.#pending
    const { start, end } = this.#block
    this.#inFlight = this.#pendingBytes
    this.#pending = []
    this.#pendingBytes = 0
    try {
      const crc = chunks.reduce((sum, chunk) => crc32(chunk, sum), this.#block.crc)
      await this.#part.write(chunks, end)
      this.#block = { start, end: end + this.#inFlight, crc }
      this.#inFlight = 0
      this.#onWritten()
    } catch (error) {
      this.#failure = error
      this.#pending = []
      this.#pendingBytes = 0
      this.#onWritten()
    }
  }

  /** The failure of a write, or null. */
  get failure(): unknown {
    return this.#failure
  }
}
