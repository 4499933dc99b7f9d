// Gathers the bytes of one answer and writes them in large batches, keeping their CRC.
import { crc32 } from 'node:zlib'
import { BUFFER, collectChunks, Loan, PAGE, sizeOfNext } from './buffers.ts'
import type { PartFile } from './part-file.ts'
import type { Block } from './plan.ts'

/** Bytes wait no longer than this for more to join them, in ms. */
const PATIENCE = 100

/** A room smaller than this share of a batch is not worth a read. */
const SMALLEST_ROOM = 1 / 8

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

/** Part of a buffer, to be written. Where it is filled fast, it begins and ends with a page of memory and of the file. */
interface Piece {
  readonly loan: Loan
  readonly bytes: Buffer
}

/**
 * A buffer that is being filled, up to `limit`. Up to `cut` its bytes are written or wait for it. Pages begin in it
 * where they do in the file.
 */
interface Open {
  readonly loan: Loan
  readonly limit: number
  cut: number
  filled: number
}

/** Writes consecutive bytes; `block` says which have reached the file (not yet the disk). */
export class BlockWriter {
  readonly #part: PartFile
  readonly #options: BlockWriterOptions
  #block: Block
  /** The block as it is when all writes that have begun are done. */
  #begun: Block
  /** Filled, in order; no write has begun. */
  #waiting: Piece[] = []
  #open: Open | null = null
  /** Where in the file the next byte belongs. */
  #position: number
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
    this.#position = start
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
    this.#startAll()
    return this.#unwritten < this.#most ? null : this.#drained()
  }

  /**
   * Where the next bytes may be put, to be pushed from there without a copy. Remains of use until the next `push()`,
   * `room()` or `flush()`, whatever else happens.
   */
  room(): Buffer {
    const { limit, filled } = this.#opened()
    if (limit - filled < limit * SMALLEST_ROOM) {
      this.#turn()
      this.#startAll()
    }
    const open = this.#opened()
    return open.loan.buffer.subarray(open.filled, open.limit)
  }

  /** Resolves when everything taken is in the file. @throws DownloadError of the file system's kind */
  async flush(): Promise<void> {
    this.#close()
    do {
      this.#start()
      await this.#writing
    } while (this.#unwritten > 0)
    if (this.#failure !== null) throw this.#failure
  }

  get #most(): number {
    const { batch, backlog } = this.#options
    return sizeOfNext() < BUFFER ? 2 * Math.min(batch, sizeOfNext()) : Math.max(2 * batch, backlog)
  }

  /** Goes on at half: a connection that stops and starts for each write costs more than the writing. */
  async #drained(): Promise<void> {
    while (this.#running > 0 && this.#unwritten > this.#most / 2) await this.#writing
  }

  #gather(chunk: Buffer): void {
    this.#unwritten += chunk.length
    if (this.#isInRoom(chunk)) this.#fill(chunk.length)
    else this.#copy(chunk)
  }

  #copy(chunk: Buffer): void {
    for (let done = 0; done < chunk.length; ) {
      const { loan, filled, limit } = this.#opened()
      const taken = chunk.copy(loan.buffer, filled, done, done + limit - filled)
      this.#fill(taken)
      done += taken
    }
    collectChunks(chunk.length)
  }

  #fill(bytes: number): void {
    const open = this.#opened()
    open.filled += bytes
    this.#position += bytes
    this.#timer ??= setTimeout(() => this.#startOpen(), PATIENCE)
    if (open.filled === open.limit) this.#close()
  }

  #isInRoom(chunk: Buffer): boolean {
    if (this.#open === null) return false
    const { loan, filled } = this.#open
    return chunk.buffer === loan.buffer.buffer && chunk.byteOffset === loan.buffer.byteOffset + filled
  }

  #opened(): Open {
    if (this.#open === null) {
      const loan = new Loan()
      const batch = Math.ceil(this.#options.batch / PAGE) * PAGE
      const first = this.#position % PAGE
      this.#open = { loan, limit: Math.min(batch, loan.buffer.length), cut: first, filled: first }
    }
    return this.#open
  }

  /** Nothing more is put into the open buffer. The page that it ends in goes on in the next one. */
  #turn(): void {
    const open = this.#opened()
    const full = open.filled - (open.filled % PAGE)
    const rest = full > open.cut ? open.filled - full : 0
    open.filled -= rest
    this.#position -= rest
    this.#close()
    if (rest === 0) return
    open.loan.buffer.copy(this.#opened().loan.buffer, 0, full, full + rest)
    this.#fill(rest)
  }

  /** Nothing more is put into the open buffer. */
  #close(): void {
    this.#cut()
    this.#open?.loan.release()
    this.#open = null
  }

  /** What has been put into the open buffer waits to be written; the rest of it stays open. */
  #cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#failure !== null || this.#open === null || this.#open.cut === this.#open.filled) return
    const { loan, cut, filled } = this.#open
    this.#waiting.push({ loan: loan.keep(), bytes: loan.buffer.subarray(cut, filled) })
    this.#open.cut = filled
  }

  #startAll(): void {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) this.#start()
  }

  #startOpen(): void {
    this.#cut()
    this.#startAll()
  }

  /** Starts to write the first that waits. */
  #start(): void {
    if (this.#running === AT_ONCE) return
    const piece = this.#waiting.shift()
    if (piece === undefined) return
    this.#running++
    this.#writing = this.#write(piece, this.#writing)
  }

  async #write({ loan, bytes }: Piece, before: Promise<void>): Promise<void> {
    const { start, end, crc } = this.#begun
    const block = { start, end: end + bytes.length, crc: crc32(bytes, crc) }
    this.#begun = block
    try {
      await this.#part.write(bytes, end)
    } catch (error) {
      this.#failure ??= error
    }
    loan.release()
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
    for (const { loan } of this.#waiting.splice(0)) loan.release()
    this.#unwritten = 0
  }
}
