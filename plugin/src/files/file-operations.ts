import { SendRangeError } from '../errors.ts'
import { MAX_WAITING_OPERATIONS, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'

/** `local`: the storage belongs to this machine. `remote`: it can stop answering by itself, like a network or FUSE. */
export type StorageKind = 'local' | 'remote'

/** If UV_THREADPOOL_SIZE is not set. */
const DEFAULT_THREADS = 4
const MAX_THREADS = 1024

/**
 * How many threads Node has for files.
 *
 * @param setting UV_THREADPOOL_SIZE, read as libuv reads it: what is no number is 0, for which there is one thread, and a
 *   negative number is a very large one
 */
export function threadsFor(setting: string | undefined): number {
  if (setting === undefined) return DEFAULT_THREADS
  const count = Number.parseInt(setting, 10) || 1
  return count < 0 ? MAX_THREADS : Math.min(count, MAX_THREADS)
}

const threads = threadsFor(process.env['UV_THREADPOOL_SIZE'])

/** A large read that has not ended after this long, in ms, does not keep others from starting. */
const HUNG_MS = 1000

/**
 * How many operations Node's threads get at a time. It is more than there are threads, since idle threads cost more, and
 * few enough that a small read waits behind few others. Large reads leave two threads for other operations. A remote
 * storage gets half of the threads. If it hangs, the other half still serves every other storage.
 */
const LIMITS: Readonly<Record<StorageKind, { readonly all: number; readonly large: number }>> = {
  local: { all: 4 * threads, large: Math.max(1, threads - 2) },
  remote: { all: Math.max(1, Math.floor(threads / 2)), large: Math.max(1, Math.floor(threads / 2) - 1) },
}

type OperationSize = 'small' | 'large'

/** The operations on the files of one storage: a few at a time, in the order of their calls. */
export class FileOperations {
  readonly kind: StorageKind
  #running = 0
  #runningLarge = 0
  readonly #waiting: Readonly<Record<OperationSize, (() => void)[]>> = { small: [], large: [] }

  constructor(kind: StorageKind) {
    this.kind = kind
  }

  /** Runs a check of a path or a descriptor, or opens a file. Throws `ERR_RANGE_OVERLOADED` if too many wait. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    return this.#run(operation, 'small')
  }

  /** Runs a read. A read of more than {@link SMALL_CHUNK_BYTES} waits for other large ones, and small ones do not. */
  read<T>(byteCount: number, operation: () => Promise<T>): Promise<T> {
    return this.#run(operation, byteCount > SMALL_CHUNK_BYTES ? 'large' : 'small')
  }

  async #run<T>(operation: () => Promise<T>, size: OperationSize): Promise<T> {
    if (this.#isFree(size)) this.#begin(size)
    else await this.#wait(size)
    let isCounted = true
    const end = (): void => {
      if (isCounted) this.#end(size)
      isCounted = false
    }
    const hung = size === 'large' && this.kind === 'local' ? setTimeout(end, HUNG_MS) : undefined
    try {
      return await operation()
    } finally {
      clearTimeout(hung)
      end()
    }
  }

  #isFree(size: OperationSize): boolean {
    const limits = LIMITS[this.kind]
    return this.#running < limits.all && (size === 'small' || this.#runningLarge < limits.large)
  }

  #begin(size: OperationSize): void {
    this.#running++
    if (size === 'large') this.#runningLarge++
  }

  #wait(size: OperationSize): Promise<void> {
    const queue = this.#waiting[size]
    if (queue.length >= MAX_WAITING_OPERATIONS) throw overloaded()
    return new Promise((start) => queue.push(start))
  }

  #end(size: OperationSize): void {
    this.#running--
    if (size === 'large') this.#runningLarge--
    // Small operations of a crowd may never leave a place free. So one large read has its turn before them.
    if (this.#runningLarge === 0) this.#beginNext('large')
    for (const next of ['small', 'large'] as const) {
      while (this.#beginNext(next)) {
        // Until nothing waits, or no place is free.
      }
    }
  }

  /** Begins one that waits, and returns whether it did. */
  #beginNext(size: OperationSize): boolean {
    const next = this.#isFree(size) ? this.#waiting[size].shift() : undefined
    if (next === undefined) return false
    this.#begin(size)
    next()
    return true
  }
}

function overloaded(): SendRangeError {
  return new SendRangeError('ERR_RANGE_OVERLOADED', 'The storage does not keep up, try again', {
    headers: { 'retry-after': '1' },
  })
}
