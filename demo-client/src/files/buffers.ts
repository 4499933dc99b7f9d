// Memory for bytes from the network: buffers that are reused, and chunks that are collected early.

/** Size of a buffer. Half and twice this size were slower. */
export const BUFFER_BYTES: number = 1024 * 1024
/** Size of further buffers when {@link MAX_LARGE_BYTES} are in use, so that 64 connections do not need 64 large ones. */
const SMALL_BUFFER_BYTES = 256 * 1024
const MAX_LARGE_BYTES = 12 * 1024 * 1024
/** Chunks of this many bytes may wait for a garbage collection. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024

/** A page of memory, and of a file. Direct writes need whole pages. */
export const PAGE_BYTES = 4096

/**
 * Buffers that are not in use, by size. Bytes from the network are copied or read into buffers, because chunks that are
 * kept until they are written would fill the heap until its next full collection.
 */
const unused: ReadonlyMap<number, Buffer[]> = new Map([
  [BUFFER_BYTES, []],
  [SMALL_BUFFER_BYTES, []],
])
let inUse = 0
let uncollected = 0
let hasKeptHeap = false

/** A buffer with several users. It is reused when all of them have released it. */
export class SharedBuffer {
  readonly buffer: Buffer
  #uses = 1

  constructor() {
    keepHeap()
    const size = nextBufferSize()
    inUse += size
    this.buffer = unused.get(size)?.pop() ?? make(size)
  }

  /** Adds a user. */
  keep(): this {
    this.#uses++
    return this
  }

  /** Removes a user. */
  release(): void {
    if (--this.#uses > 0) return
    const size = this.buffer.length
    inUse -= size
    const others = unused.get(size)
    if (others !== undefined && (others.length + 1) * size <= MAX_LARGE_BYTES) others.push(this.buffer)
  }
}

/** V8 gets the memory of a resizable ArrayBuffer from the system, in whole pages. Other memory may begin within a page. */
function make(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size, { maxByteLength: size }), 0, size)
}

/** Do these bytes begin at a page of memory? This is known only of bytes in a {@link SharedBuffer}. */
export function isPaged({ buffer, byteOffset }: Buffer): boolean {
  return buffer instanceof ArrayBuffer && buffer.resizable && byteOffset % PAGE_BYTES === 0
}

/** Size of the next buffer, in bytes. */
export function nextBufferSize(): number {
  return inUse < MAX_LARGE_BYTES ? BUFFER_BYTES : SMALL_BUFFER_BYTES
}

/**
 * Call when a chunk is no longer needed. V8 counts the small object, not its 64 KiB, and would keep some 40 MB of such
 * chunks. If the program exposes `gc`, as the command does, they are collected earlier.
 */
export function collectChunks(bytes: number): void {
  uncollected += bytes
  if (uncollected < COLLECT_AFTER_BYTES) return
  uncollected = 0
  globalThis.gc?.({ type: 'minor' })
}

/**
 * Once a block of this size has been freed, glibc keeps up to twice as much of free memory (mallopt(3),
 * M_MMAP_THRESHOLD). Otherwise it returns the memory of each chunk to the system and gets it again page by page, which at
 * worst doubles the CPU time of a download. Nothing is written to the block, so it needs no memory.
 */
function keepHeap(): void {
  if (hasKeptHeap) return
  hasKeptHeap = true
  Buffer.allocUnsafeSlow(8 * 1024 * 1024)
}
