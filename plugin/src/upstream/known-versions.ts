import type { KnownVersion } from '../sources/source.ts'

/** How many versions a source remembers. A path has some hundred bytes. */
const MAX_VERSIONS = 1000

/** A longer tag is not remembered, so that an origin cannot fill the memory with them. */
const MAX_TAG_LENGTH = 256

/**
 * The versions that objects had when they were last read, by their paths. They say what an answer is going to need, so
 * that it needs one request. A version may be old: what comes says the true one.
 */
export class KnownVersions {
  /** The one that was set first is first. */
  readonly #versions = new Map<string, KnownVersion>()

  get(path: string): KnownVersion | undefined {
    return this.#versions.get(path)
  }

  set(path: string, version: KnownVersion): void {
    const { size, etag, lastModified, lastModifiedStrength, acceptRanges } = version
    this.#versions.delete(path)
    if (etag !== undefined && etag.length > MAX_TAG_LENGTH) return
    this.#versions.set(path, { size, etag, lastModified, lastModifiedStrength, acceptRanges })
    if (this.#versions.size <= MAX_VERSIONS) return
    const [oldest] = this.#versions.keys()
    if (oldest !== undefined) this.#versions.delete(oldest)
  }

  /** There is nothing under the path any more. */
  delete(path: string): void {
    this.#versions.delete(path)
  }
}
