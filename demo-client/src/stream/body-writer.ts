// The bytes of one body on their way to the places where they wait for an output.
import type { ByteWriter } from '../disk/byte-store.ts'
import { collectChunks } from '../files/buffers.ts'
import type { Interval } from '../state/blocks.ts'
import { type Signalled, signalled } from './signalled.ts'

/** Where the bytes go. */
export interface Place {
  /** There is no room for this byte of the file, nor for those after it. */
  readonly roomEnd: number
  /** So many bytes of room are worth to start a connection again. */
  readonly worthwhile: number
  /** So much memory may belong to bytes that are on their way to their places. */
  readonly underWay: number
  /**
   * Puts bytes for which there is room in their places. Null: they are there. Otherwise they are when the promise resolves.
   * The promises of one body resolve in the order of the calls.
   */
  put(bytes: Buffer, position: number): Promise<void> | null
  /** Called when bytes are in their places. */
  onStored(): void
}

/** The space for one read from a connection. */
const SPACE_BYTES = 256 * 1024

/** What came in one read. */
interface Chunk {
  /** Those of its bytes that wait for room. */
  bytes: Buffer
  /** The space that was reserved for it, or null. It can be used again when all of its bytes are in their places. */
  readonly space: Buffer | null
}

/**
 * Puts consecutive bytes in their places. Bytes without room stay in the chunk in which they came, and the connection waits.
 * It is asked for no more until then, so they are those of one read.
 */
export class BodyWriter implements ByteWriter {
  readonly start: number
  readonly #place: Place
  /** The position after the last byte in its place. */
  #stored: number
  /** Bytes after these that were put, and are not in their places yet. */
  #underWay = 0
  /** The memory that they keep. */
  #keptBytes = 0
  #waiting: Chunk[] = []
  #waitingBytes = 0
  /** The space for the next read. */
  #space: Buffer | null = null
  readonly #unused: Buffer[] = []
  #ready: Signalled | null = null
  #isOver = false

  constructor(start: number, place: Place) {
    this.start = start
    this.#stored = start
    this.#place = place
  }

  get length(): number {
    return this.received.end - this.start
  }

  /** The bytes in their places. */
  get stored(): Interval {
    return { start: this.start, end: this.#stored }
  }

  /** These, and those that are on their way or wait for room. */
  get received(): Interval {
    return { start: this.start, end: this.#stored + this.#underWay + this.#waitingBytes }
  }

  /** Are bytes on their way to their places? */
  get isUnderWay(): boolean {
    return this.#underWay > 0
  }

  push(chunk: Buffer): Promise<void> | null {
    if (this.#isOver || chunk.length === 0) return null
    const isInSpace = chunk.buffer === this.#space?.buffer
    this.#waiting.push({ bytes: chunk, space: isInSpace ? this.#space : null })
    this.#waitingBytes += chunk.length
    if (isInSpace) this.#space = null
    if (this.#waiting.length === 1) this.#putWaiting()
    if (this.#isReady) return null
    this.#ready ??= signalled()
    return this.#ready.promise
  }

  reserve(): Buffer {
    this.#space ??= this.#unused.pop() ?? Buffer.allocUnsafeSlow(SPACE_BYTES)
    return this.#space
  }

  /** Call when there is more room. */
  useRoom(): void {
    const { roomEnd, worthwhile } = this.#place
    if (this.#waiting.length === 0 || roomEnd - this.#putEnd < worthwhile) return
    this.#putWaiting()
    if (this.#isReady) this.#letGo()
  }

  /** Drops the bytes that wait for room, and all that are pushed later. */
  abandon(): void {
    this.#isOver = true
    this.#waiting = []
    this.#waitingBytes = 0
    this.#letGo()
  }

  get #putEnd(): number {
    return this.#stored + this.#underWay
  }

  get #isReady(): boolean {
    return this.#waiting.length === 0 && this.#keptBytes <= this.#place.underWay
  }

  /** Always the oldest bytes first: where a byte goes follows from the number of bytes before it. */
  #putWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const bytes = first.bytes.subarray(0, Math.max(0, this.#place.roomEnd - this.#putEnd))
      if (bytes.length === 0) return
      first.bytes = first.bytes.subarray(bytes.length)
      if (first.bytes.length === 0) this.#waiting.shift()
      this.#waitingBytes -= bytes.length
      this.#put(bytes, first.bytes.length === 0 ? first.space : null)
    }
  }

  /** `space` is not needed after these bytes. */
  #put(bytes: Buffer, space: Buffer | null): void {
    const kept = space?.length ?? bytes.length
    const there = this.#place.put(bytes, this.#putEnd)
    this.#underWay += bytes.length
    if (there === null) {
      this.#arrived(bytes, space)
      return
    }
    this.#keptBytes += kept
    const arrived = (): void => {
      this.#keptBytes -= kept
      this.#arrived(bytes, space)
      if (this.#isReady) this.#letGo()
    }
    there.then(arrived, () => this.abandon()) // the place has failed, and says so
  }

  #arrived(bytes: Buffer, space: Buffer | null): void {
    this.#underWay -= bytes.length
    this.#stored += bytes.length
    if (space === null) collectChunks(bytes.length)
    else this.#unused.push(space)
    this.#place.onStored()
  }

  #letGo(): void {
    this.#ready?.resolve()
    this.#ready = null
  }
}
