import { parseEntityTag } from '../rules/entity-tag.ts'
import type { KnownVersion } from '../sources/source.ts'

/** How many versions a source remembers. A path has some hundred bytes. */
const MAX_VERSIONS = 1000

/** A longer tag is not remembered, so that an origin cannot fill the memory with them. */
const MAX_TAG_LENGTH = 256

interface Remembered {
  readonly version: KnownVersion
  readonly digest: string | undefined
  readonly hasGivenRange: boolean
}

/** What else the answer about a version has shown. */
export interface SeenWith {
  /** The Repr-Digest. */
  readonly digest?: string | undefined
  /** Whether the origin has answered a range with it; undefined if it was asked for none. */
  readonly hasGivenRange?: boolean | undefined
}

/**
 * The versions that objects had when they were last read, by their paths. They say what an answer is going to need, so
 * that it needs one request. A version may be old: what comes says the true one.
 */
export class KnownVersions {
  /** The one that was set first is first. */
  readonly #versions = new Map<string, Remembered>()

  get(path: string): KnownVersion | undefined {
    return this.#versions.get(path)?.version
  }

  set(path: string, version: KnownVersion, { digest, hasGivenRange }: SeenWith = {}): void {
    const before = this.hasGivenRange(path)
    const isTooLong = version.etag !== undefined && version.etag.length > MAX_TAG_LENGTH
    // The order matters only if one may have to go soon. Each deletion costs more than it seems to: see `LinkedList`.
    if (isTooLong || this.#versions.size > MAX_VERSIONS / 2) this.#versions.delete(path)
    if (isTooLong) return
    this.#versions.set(path, { version, digest, hasGivenRange: hasGivenRange ?? before })
    if (this.#versions.size <= MAX_VERSIONS) return
    const [oldest] = this.#versions.keys()
    if (oldest !== undefined) this.#versions.delete(oldest)
  }

  /** Whether the origin has answered a range of the object with that range, when it was asked last. */
  hasGivenRange(path: string): boolean {
    return this.#versions.get(path)?.hasGivenRange ?? false
  }

  /** The Repr-Digest of a version, if it was seen before: S3 does not send it with each range. */
  digestOf(path: string, { size, etag }: Pick<KnownVersion, 'size' | 'etag'>): string | undefined {
    const known = this.#versions.get(path)
    const isSame = known?.version.size === size && known.version.etag === etag
    return isSame && etag !== undefined && parseEntityTag(etag)?.strength === 'strong'
      ? known.digest
      : undefined
  }

  /** There is nothing under the path any more. Returns whether there was something. */
  delete(path: string): boolean {
    return this.#versions.delete(path)
  }
}
