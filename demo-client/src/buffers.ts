// Memory for what comes from the network: buffers used again, and chunks that do not pile up.

/** Size of a buffer in bytes. A larger one is written at less cost by one connection, at more by several. */
export const BUFFER: number = 384 * 1024
/** With more than this many lent, each connection gathers little: 64 of them need memory, too. */
const MANY = 22
/** Chunks of this many bytes may wait for the garbage collection. */
const LITTER = 4 * 1024 * 1024

/**
 * Buffers no longer in use, for whoever needs one next. What came from the network is copied into them: it
 * then dies young, whereas chunks kept until written would fill the heap until its next full collection.
 */
const spare: Buffer[] = []
let lent = 0
let litter = 0
let isHeapKept = false

/** A buffer of {@link BUFFER} bytes. Give it back. */
export function lend(): Buffer {
  keepHeap()
  lent++
  return spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER)
}

export function giveBack(buffer: Buffer): void {
  lent--
  if (spare.length < MANY) spare.push(buffer)
}

/** Are so many buffers lent that there is none for every wish? */
export function areManyLent(): boolean {
  return lent > MANY
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
