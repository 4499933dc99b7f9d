// Memory for what comes from the network: buffers used again, and chunks that do not pile up.

/** Size of a buffer in bytes. Half and twice as much were slower. */
export const BUFFER_BYTES: number = 1024 * 1024
/** Size of those that are inUse when {@link MAX_LARGE_BYTES} is inUse already, in bytes: 64 connections need memory, too. */
const SMALL_BUFFER_BYTES = 256 * 1024
const MAX_LARGE_BYTES = 12 * 1024 * 1024
/** Chunks of this many bytes may wait for the garbage collection. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024

/** A page of memory, and of a file, in bytes: what a disk that is written without a detour wants whole. */
export const PAGE_BYTES = 4096

/**
 * Buffers no longer in use, by size, for the next one who needs one. What came from the network is copied into them, or
 * read straight into them: chunks kept until written would fill the heap until its next full collection.
 */
const unused: ReadonlyMap<number, Buffer[]> = new Map([
  [BUFFER_BYTES, []],
  [SMALL_BUFFER_BYTES, []],
])
let inUse = 0
let uncollected = 0
let hasKeptHeap = false

/** A buffer, inUse until all who use it have released it. */
export class SharedBuffer {
  readonly buffer: Buffer
  #uses = 1

  constructor() {
    keepHeap()
    const size = nextBufferSize()
    inUse += size
    this.buffer = unused.get(size)?.pop() ?? make(size)
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
    inUse -= size
    const others = unused.get(size)
    if (others !== undefined && (others.length + 1) * size <= MAX_LARGE_BYTES) others.push(this.buffer)
  }
}

/** V8 takes the memory of a resizable ArrayBuffer from the system, in whole pages; malloc(3) begins other memory anywhere. */
function make(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size, { maxByteLength: size }), 0, size)
}

/** Do these bytes begin where a page of memory does? Known only of those in a {@link SharedBuffer}. */
export function isPaged({ buffer, byteOffset }: Buffer): boolean {
  return buffer instanceof ArrayBuffer && buffer.resizable && byteOffset % PAGE_BYTES === 0
}

/** Size of the next buffer, in bytes. */
export function nextBufferSize(): number {
  return inUse < MAX_LARGE_BYTES ? BUFFER_BYTES : SMALL_BUFFER_BYTES
}

/**
 * Takes note of a chunk that is of no use any more. V8 counts the little object, not the 64 KiB that hang on
 * it, and would let some 40 MB of them pile up. A program that exposes `gc`, as the command does, has them
 * collected in time.
 */
export function collectChunks(bytes: number): void {
  uncollected += bytes
  if (uncollected < COLLECT_AFTER_BYTES) return
  uncollected = 0
  globalThis.gc?.({ type: 'minor' })
}

/**
 * Once a block of this size has been freed, glibc keeps up to twice as much of free memory (mallopt(3),
 * M_MMAP_THRESHOLD). It else gives the memory of each chunk back to the system and takes it again, page by page: at
 * worst twice the CPU time for a download. Nothing is written to the block, so that it takes no memory.
 */
function keepHeap(): void {
  if (hasKeptHeap) return
  hasKeptHeap = true
  Buffer.allocUnsafeSlow(8 * 1024 * 1024)
}
