import { wrongLength } from '../errors.ts'
import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { ownCopy } from './own-bytes.ts'
import { brokenContract, checkedBytes } from './source-checks.ts'

/**
 * Bytes of a long chunk that are copied at a time. A source may return the same 100 MiB to each answer, and a slow client
 * needs a copy of the part that it reads next only.
 */
const MAX_COPY_BYTES = 64 * 1024

const NOTHING = new Uint8Array(0)

/**
 * The chunks that the `read` of a source returns. Each is checked and copied, a long one part by part. The source is asked
 * for its next chunk when the whole chunk has been copied, and may use its memory again then. A failure is an
 * `ERR_RANGE_SOURCE`. A promise in place of a value is refused, and its rejection is handled.
 */
export class SourceChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>
  /** The part of the current chunk that has not been copied. */
  #uncopied: Uint8Array = NOTHING
  /** Bytes that are still expected. A chunk that is too long is found before a part of it is sent. */
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
      if (this.#uncopied.length > 0) return { done: false, value: this.#copyNext() }
      const result: unknown = await this.#iterator.next()
      if (typeof result !== 'object' || result === null)
        throw brokenContract('The iterator of the source returned a value that is not a result')
      const { done, value } = result as IteratorResult<unknown, unknown>
      if (!done) {
        this.#uncopied = checkedBytes(value)
        if (this.#uncopied.length > this.#missing) throw wrongLength('more')
        this.#missing -= this.#uncopied.length
        return { done: false, value: this.#copyNext() }
      }
      ignoreRejection(value)
      return { done: true, value: undefined }
    } catch (thrown) {
      throw failure(thrown)
    }
  }

  #copyNext(): Uint8Array {
    const copy = ownCopy(this.#uncopied.subarray(0, MAX_COPY_BYTES))
    const isAll = copy.length === this.#uncopied.length
    // An empty view would keep the memory of the source.
    this.#uncopied = isAll ? NOTHING : this.#uncopied.subarray(copy.length)
    return copy
  }

  /** Lets an iterator clean up that is not read to its end. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#iterator.return?.()
    return { done: true, value: undefined }
  }
}

function failure(thrown: unknown): Error {
  return foreignFailure('ERR_RANGE_SOURCE', 'The read of the source', thrown)
}

function iteratorOf(given: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  // A string is iterable, but not by bytes.
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
  throw brokenContract('The source returned a value that is not iterable')
}

/** Iterators and streams that sources have returned. They can be read once only. */
const returned = new WeakSet<object>()

/** Two readers of one iterator or stream would get some of the bytes each. An array can be read any number of times. */
function assertFresh(chunks: unknown, iterator: object): void {
  const isStream = typeof chunks === 'object' && chunks !== null && 'pipe' in chunks
  const once = isStream ? chunks : iterator
  if (returned.has(once)) throw brokenContract('The source returned the same iterator or stream twice')
  returned.add(once)
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
