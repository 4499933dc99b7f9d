import { wrongLength } from '../errors.ts'
import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { ownCopy } from './own-bytes.ts'
import { brokenContract, checkedBytes } from './source-checks.ts'

/**
 * Bytes of a long chunk that are copied at a time: a source may give the same 100 MiB to each answer, and what a slow client
 * takes of them is to be seen.
 */
const MOST_COPIED = 64 * 1024

/**
 * The chunks that the `read` of a source gives, each of them checked. What comes out are copies, of long chunks one part
 * after the other; the source is asked for its next chunk when they have been made, and may use its memory again then. What
 * fails is an `ERR_RANGE_SOURCE`, and no promise that comes where a value is expected is left to reject unheard.
 */
export class SourceChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>
  /** Of the chunk that is being copied. */
  #rest: Uint8Array = new Uint8Array(0)
  /** Bytes that may still come: a chunk that is too long is found before a part of it goes out. */
  #missing: number

  /**
   * @param read calls the method of the source
   * @param length bytes that it was asked for
   */
  constructor(read: () => unknown, length: number) {
    this.#missing = length
    try {
      this.#iterator = iteratorOf(read())
    } catch (thrown) {
      throw failure(thrown)
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      if (this.#rest.length > 0) return { done: false, value: this.#copyNext() }
      const result: unknown = await this.#iterator.next()
      if (typeof result !== 'object' || result === null)
        throw brokenContract('The iterator of the source gave no result')
      const { done, value } = result as IteratorResult<unknown, unknown>
      if (!done) {
        this.#rest = checkedBytes(value)
        if (this.#rest.length > this.#missing) throw wrongLength('more')
        this.#missing -= this.#rest.length
        return { done: false, value: this.#copyNext() }
      }
      ignoreRejection(value)
      return { done: true, value: undefined }
    } catch (thrown) {
      throw failure(thrown)
    }
  }

  #copyNext(): Uint8Array {
    const copy = ownCopy(this.#rest.subarray(0, MOST_COPIED))
    this.#rest = this.#rest.subarray(copy.length)
    return copy
  }

  /** Has an iterator that is not read to its end clean up. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#iterator.return?.()
    return { done: true, value: undefined }
  }
}

function failure(thrown: unknown): Error {
  return foreignFailure('ERR_RANGE_SOURCE', 'The read of the source', thrown)
}

function iteratorOf(given: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  // A string can be iterated over, but gives no bytes.
  const make =
    typeof given === 'object' && given !== null
      ? (Reflect.get(given, Symbol.asyncIterator) ?? Reflect.get(given, Symbol.iterator))
      : undefined
  const iterator: unknown = typeof make === 'function' ? make.call(given) : undefined
  if (isIterator(iterator)) {
    assertFresh(given, iterator)
    return iterator
  }
  ignoreRejection(given)
  ignoreRejection(iterator)
  throw brokenContract('The source gave nothing to iterate over')
}

/** What can be read once only, and has been given. */
const given = new WeakSet<object>()

/** Two readers of one iterator or stream get some of the bytes each. An array can be read as often as one likes. */
function assertFresh(chunks: unknown, iterator: object): void {
  const isStream = typeof chunks === 'object' && chunks !== null && 'pipe' in chunks
  const once = isStream ? chunks : iterator
  if (given.has(once)) throw brokenContract('The source gave the same chunks a second time')
  given.add(once)
}

function isIterator(value: unknown): value is AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'next') === 'function'
}

/** The iterator of chunks. */
export function iterate(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
}
