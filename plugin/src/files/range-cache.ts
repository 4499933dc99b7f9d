import { MAX_CACHED_RANGE_BYTES } from '../memory-bounds.ts'

const MAX_RANGE_BYTES = 16 * 1024
/** What an entry takes beside its bytes, about: many tiny ranges must not add up to more than the bound. */
const ENTRY_BYTES = 512

/**
 * Small ranges that were read lately, over all files: one bound for all of them, and what was used longest ago goes
 * first, also that of files which nobody asks for any more.
 */
export class RangeCache {
  // A Map keeps insertion order: the first entry is the one that was used longest ago.
  readonly #ranges = new Map<string, Buffer>()
  readonly #maxBytes: number
  #heldBytes = 0
  #versions = 0

  constructor(maxBytes: number = MAX_CACHED_RANGE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Bytes that are held, with what the entries take. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The part of the cache for one version of a file. */
  forVersion(): VersionRanges {
    return new VersionRanges(this, this.#versions++)
  }

  /** The bytes kept under a key: to be copied, never to be written to or handed out. */
  find(key: string): Buffer | undefined {
    const bytes = this.#ranges.get(key)
    if (bytes === undefined) return undefined
    this.#ranges.delete(key)
    this.#ranges.set(key, bytes)
    return bytes
  }

  /** Keeps a copy of the bytes, unless they are many. */
  keep(key: string, bytes: Uint8Array): void {
    if (bytes.length > MAX_RANGE_BYTES || this.#ranges.has(key)) return
    // Not from Node's own pool: a few bytes would hold a whole block of it.
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

  /** The `length` bytes from `first`, to be copied; undefined when they are not here. */
  find(first: number, length: number): Buffer | undefined {
    return length > MAX_RANGE_BYTES ? undefined : this.#cache.find(this.#keyOf(first, length))
  }

  /** Keeps a copy of bytes that were read from `first`, unless they are many. */
  keep(first: number, bytes: Uint8Array): void {
    this.#cache.keep(this.#keyOf(first, bytes.length), bytes)
  }

  #keyOf(first: number, length: number): string {
    return `${this.#version}:${first}:${length}`
  }
}
