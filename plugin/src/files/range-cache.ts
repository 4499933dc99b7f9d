import { MAX_CACHED_RANGE_BYTES } from '../memory-bounds.ts'

const MAX_RANGE_BYTES = 16 * 1024
/** The approximate memory of an entry besides its bytes. Without it, many tiny ranges would exceed the limit. */
const ENTRY_BYTES = 512

/**
 * Small ranges that were read recently. All files share one limit, and the least recently used range is removed first,
 * also if its file is not requested any more.
 */
export class RangeCache {
  // A Map keeps insertion order: the first entry is the least recently used.
  readonly #ranges = new Map<string, Buffer>()
  readonly #maxBytes: number
  #heldBytes = 0
  #versions = 0

  constructor(maxBytes: number = MAX_CACHED_RANGE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Bytes in the cache, with the memory of its entries. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The part of the cache for one version of a file. */
  forVersion(): VersionRanges {
    return new VersionRanges(this, this.#versions++)
  }

  /** The bytes of a key. Copy them; never write to them or hand them out. */
  find(key: string): Buffer | undefined {
    const bytes = this.#ranges.get(key)
    if (bytes === undefined) return undefined
    this.#ranges.delete(key)
    this.#ranges.set(key, bytes)
    return bytes
  }

  /** Keeps a copy of the bytes, unless there are too many. */
  keep(key: string, bytes: Uint8Array): void {
    if (bytes.length > MAX_RANGE_BYTES || this.#ranges.has(key)) return
    // Not from Node's own pool: a few bytes would keep a whole block of it in memory.
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    copy.set(bytes)
    this.#ranges.set(key, copy)
    this.#heldBytes += copy.length + ENTRY_BYTES
    for (const [oldest, held] of this.#ranges) {
      if (this.#heldBytes <= this.#maxBytes) return
      this.#ranges.delete(oldest)
      this.#heldBytes -= held.length + ENTRY_BYTES
    }
  }
}

/** The ranges of one version of a file in a {@link RangeCache}. */
export class VersionRanges {
  readonly #cache: RangeCache
  readonly #version: number

  constructor(cache: RangeCache, version: number) {
    this.#cache = cache
    this.#version = version
  }

  /** The `length` bytes from `first`; undefined if they are not in the cache. Copy them. */
  find(first: number, length: number): Buffer | undefined {
    return length > MAX_RANGE_BYTES ? undefined : this.#cache.find(this.#keyOf(first, length))
  }

  /** Keeps a copy of bytes that were read from `first`, unless there are too many. */
  keep(first: number, bytes: Uint8Array): void {
    this.#cache.keep(this.#keyOf(first, bytes.length), bytes)
  }

  #keyOf(first: number, length: number): string {
    return `${this.#version}:${first}:${length}`
  }
}
