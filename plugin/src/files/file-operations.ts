import { SendRangeError } from '../errors.ts'
import { MAX_WAITING_OPERATIONS, SMALL_CHUNK_BYTES } from '../memory-bounds.ts'

/** Whether a storage is this machine's own, or may stop to answer on its own: a network, a FUSE file system. */
export type StorageKind = 'local' | 'remote'

/** Node's default, where UV_THREADPOOL_SIZE does not say otherwise. */
const DEFAULT_THREADS = 4
const threads = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS

/** A large read that has not ended after this long, in ms, does not keep others from starting. */
const HUNG_MS = 1000

/**
 * How many operations are handed to Node's threads at a time. More than there are threads keeps them awake, which is
 * cheaper; few enough that a small read waits behind few others. Large reads leave two threads to everything else.
 * A remote storage gets half of the threads: when it hangs, the other half goes on, with every other storage.
 */
const LIMITS: Readonly<Record<StorageKind, { readonly all: number; readonly large: number }>> = {
  local: { all: 4 * threads, large: Math.max(1, threads - 2) },
  remote: { all: Math.max(1, Math.floor(threads / 2)), large: Math.max(1, Math.floor(threads / 2) - 1) },
}

type OperationSize = 'small' | 'large'

/** The operations on the files of one storage: a few at a time, in the order in which they came. */
export class FileOperations {
  readonly kind: StorageKind
  #running = 0
  #runningLarge = 0
  readonly #waiting: Readonly<Record<OperationSize, (() => void)[]>> = { small: [], large: [] }

  constructor(kind: StorageKind) {
    this.kind = kind
  }

  /** Runs a look at a path or a descriptor, or opens. Throws `ERR_RANGE_OVERLOADED` when too many wait. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    return this.#run(operation, 'small')
  }

  /** Runs a read. One of more than {@link SMALL_CHUNK_BYTES} waits for other large ones, not for small ones. */
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
    for (const next of ['small', 'large'] as const) {
      const queue = this.#waiting[next]
      while (queue.length > 0 && this.#isFree(next)) {
        this.#begin(next)
        queue.shift()?.()
      }
    }
  }
}

function overloaded(): SendRangeError {
  return new SendRangeError('ERR_RANGE_OVERLOADED', 'The storage does not keep up, try again', {
    headers: { 'retry-after': '1' },
  })
}
