// The bytes of one answer on their way into pieces that are worth a write.
import { collectChunks, Loan, PAGE } from '../files/buffers.ts'

/** Bytes wait no longer than this for more to join them, in ms. */
const PATIENCE = 100

/** A room smaller than this share of a batch is not worth a read. */
const SMALLEST_ROOM = 1 / 8

/** Part of a buffer, to be written. Where it is filled fast, it begins and ends with a page of memory and of the file. */
export interface Piece {
  readonly loan: Loan
  readonly bytes: Buffer
}

/** How bytes are gathered. */
export interface GatheringOptions {
  /** Bytes of a piece, at most, about; up to the size of a buffer. */
  readonly batch: number
  /** Called when pieces have waited long enough. */
  readonly onDue: () => void
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

/** Gathers consecutive bytes. Each piece that is taken out is released by who took it. */
export class Gathering {
  readonly #options: GatheringOptions
  /** Filled, in order. */
  #waiting: Piece[] = []
  #open: Open | null = null
  /** Where in the file the next byte belongs. */
  #position: number
  #timer: NodeJS.Timeout | undefined
  #isAbandoned = false

  constructor(start: number, options: GatheringOptions) {
    this.#position = start
    this.#options = options
  }

  /** Is a piece ready to be taken out? */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes bytes; without a copy where they are in the {@link room}. */
  put(chunk: Buffer): void {
    if (this.#isInRoom(chunk)) this.#fill(chunk.length)
    else this.#copy(chunk)
  }

  /** Where the next bytes may be put. Remains of use until the next call of a method. */
  room(): Buffer {
    const { limit, filled } = this.#opened()
    if (limit - filled < limit * SMALLEST_ROOM) this.#turn()
    const open = this.#opened()
    return open.loan.buffer.subarray(open.filled, open.limit)
  }

  /** The first piece that waits. */
  take(): Piece | undefined {
    return this.#waiting.shift()
  }

  /** Nothing more is put into the open buffer: all there is waits to be taken. */
  close(): void {
    this.#cut()
    this.#open?.loan.release()
    this.#open = null
  }

  /** What waits is of no use any more, nor is what comes. */
  abandon(): void {
    this.#isAbandoned = true
    for (const { loan } of this.#waiting.splice(0)) loan.release()
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
    this.#timer ??= setTimeout(() => {
      this.#cut()
      this.#options.onDue()
    }, PATIENCE)
    if (open.filled === open.limit) this.close()
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
    this.close()
    if (rest === 0) return
    open.loan.buffer.copy(this.#opened().loan.buffer, 0, full, full + rest)
    this.#fill(rest)
  }

  /** What has been put into the open buffer waits to be taken; the remainder of it stays open. */
  #cut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isAbandoned || this.#open === null || this.#open.cut === this.#open.filled) return
    const { loan, cut, filled } = this.#open
    this.#waiting.push({ loan: loan.keep(), bytes: loan.buffer.subarray(cut, filled) })
    this.#open.cut = filled
  }
}
