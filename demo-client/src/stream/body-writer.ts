// The bytes of one body on their way into the memory of an output.
import type { ByteWriter } from '../disk/byte-store.ts'
import { collectChunks } from '../files/buffers.ts'
import type { Interval } from '../state/blocks.ts'

/** Where the bytes go. */
export interface Place {
  /** There is no room for this byte of the file, nor for those after it. */
  readonly roomEnd: number
  /** So many bytes of room are worth to start a connection again. */
  readonly worthwhile: number
  /** Puts bytes for which there is room into memory. */
  put(bytes: Buffer, position: number): void
  /** Called when bytes are in memory. */
  onStored(): void
}

/** The space for one read from a connection. */
const SPACE_BYTES = 256 * 1024

/**
 * Puts consecutive bytes into memory. Bytes without room stay in the chunk in which they came, and the connection waits.
 * It is asked for no more until then, so they are those of one read.
 */
export class BodyWriter implements ByteWriter {
  readonly start: number
  readonly #place: Place
  /** The position after the last byte in memory. */
  #stored: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #space: Buffer | null = null
  #ready: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null
  #isOver = false

  constructor(start: number, place: Place) {
    this.start = start
    this.#stored = start
    this.#place = place
  }

  get length(): number {
    return this.#stored + this.#waitingBytes - this.start
  }

  /** The bytes in memory. */
  get stored(): Interval {
    return { start: this.start, end: this.#stored }
  }

  /** These, and those that wait for room. */
  get received(): Interval {
    return { start: this.start, end: this.#stored + this.#waitingBytes }
  }

  push(chunk: Buffer): Promise<void> | null {
    if (this.#isOver) return null
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waiting.length === 1) this.#storeWaiting()
    if (this.#waiting.length === 0) return null
    if (chunk.buffer === this.#space?.buffer) this.#space = null
    this.#ready ??= readiness()
    return this.#ready.promise
  }

  reserve(): Buffer {
    this.#space ??= Buffer.allocUnsafeSlow(SPACE_BYTES)
    return this.#space
  }

  /** Call when there is more room. */
  useRoom(): void {
    const { roomEnd, worthwhile } = this.#place
    if (this.#waiting.length === 0 || roomEnd - this.#stored < worthwhile) return
    this.#storeWaiting()
    if (this.#waiting.length === 0) this.#letGo()
  }

  /** Drops the bytes that wait for room, and all that are pushed later. */
  abandon(): void {
    this.#isOver = true
    this.#waiting = []
    this.#waitingBytes = 0
    this.#letGo()
  }

  /** Always the oldest bytes first: where a byte goes follows from the number of bytes before it. */
  #storeWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const rest = this.#store(first)
      if (rest.length > 0) {
        this.#waiting[0] = rest
        return
      }
      this.#waiting.shift()
    }
  }

  /** Puts as much into memory as there is room for. Returns the remainder. */
  #store(chunk: Buffer): Buffer {
    const room = Math.max(0, this.#place.roomEnd - this.#stored)
    const bytes = chunk.subarray(0, room)
    if (bytes.length > 0) this.#place.put(bytes, this.#stored)
    this.#stored += bytes.length
    this.#waitingBytes -= bytes.length
    if (bytes.length > 0) this.#place.onStored()
    if (chunk.buffer !== this.#space?.buffer) collectChunks(bytes.length)
    return chunk.subarray(bytes.length)
  }

  #letGo(): void {
    this.#ready?.resolve()
    this.#ready = null
  }
}

function readiness(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
