// Memory for what comes from the network: buffers used again, and chunks that do not pile up.

/** Size of a buffer in bytes. Half and twice as much were slower. */
export const BUFFER: number = 1024 * 1024
/** Size of those that are lent when {@link MUCH} is lent already, in bytes: 64 connections need memory, too. */
const LITTLE_BUFFER = 256 * 1024
const MUCH = 12 * 1024 * 1024
/** Chunks of this many bytes may wait for the garbage collection. */
const LITTER = 4 * 1024 * 1024

/** A page of memory, and of a file, in bytes: what a disk that is written without a detour wants whole. */
export const PAGE = 4096

/**
 * Buffers no longer in use, by size, for the next one who needs one. What came from the network is copied into them, or
 * read straight into them: chunks kept until written would fill the heap until its next full collection.
 */
const spare: ReadonlyMap<number, Buffer[]> = new Map([
  [BUFFER, []],
  [LITTLE_BUFFER, []],
])
let lent = 0
let litter = 0
let isHeapKept = false

/** A buffer, lent until all who use it have released it. */
export class Loan {
  readonly buffer: Buffer
  #uses = 1

  constructor() {
    keepHeap()
    const size = sizeOfNext()
    lent += size
    this.buffer = spare.get(size)?.pop() ?? make(size)
  }

  /** For one more use. */
  keep(): this {
    this.#uses++
    return this
  }

  /** The end of one use. */
  release(): void {
    if (--this.#uses > 0) return
    const size = this.buffer.length
    lent -= size
    const others = spare.get(size)
    if (others !== undefined && (others.length + 1) * size <= MUCH) others.push(this.buffer)
  }
}

/** V8 takes the memory of a resizable ArrayBuffer from the system, in whole pages; malloc(3) begins other memory anywhere. */
function make(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size, { maxByteLength: size }), 0, size)
}

/** Do these bytes begin where a page of memory does? Known only of those in a {@link Loan}. */
export function isPaged({ buffer, byteOffset }: Buffer): boolean {
  return buffer instanceof ArrayBuffer && buffer.resizable && byteOffset % PAGE === 0
}

/** Size of the next buffer, in bytes. */
export function sizeOfNext(): number {
  return lent < MUCH ? BUFFER : LITTLE_BUFFER
}

/**
 * Takes note of a chunk that is of no use any more. V8 counts the little object, not the 64 KiB that hang on
 * it, and would let some 40 MB of them pile up. A program that exposes `gc`, as the command does, has them
 * collected in time.
 */
export function collectChunks(bytes: number): void {
  litter += bytes
  if (litter < LITTER) return
  litter = 0
  globalThis.gc?.({ type: 'minor' })
}

/**
 * Once a block of this size has been freed, glibc keeps up to twice as much of free memory (mallopt(3),
 * M_MMAP_THRESHOLD). It else gives the memory of each chunk back to the system and takes it again, page by page: at
 * worst twice the CPU time for a download. Nothing is written to the block, so that it takes no memory.
 */
function keepHeap(): void {
  if (isHeapKept) return
  isHeapKept = true
  Buffer.allocUnsafeSlow(8 * 1024 * 1024)
}
