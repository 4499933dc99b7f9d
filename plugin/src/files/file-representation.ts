import type { Coding } from '../rules/accept-encoding.ts'
import type { DigestAlgorithm } from '../rules/digest-algorithm.ts'
import type { ByteRange } from '../rules/range-set.ts'
import type { Digested } from '../sources/digested.ts'
import type { NearbyReader, Read } from '../sources/grouped-reads.ts'
import type { LocalFile } from '../sources/local-file.ts'
import { type DigestContext, digestOf } from './digest-of.ts'
import { segmentsBelow } from './file-name.ts'
import { isWriteOver, mtimeMsOf, mtimeSecondOf } from './file-version.ts'
import type { OpenFile } from './open-file.ts'

/** What describes a file besides its version. */
export interface FileDescription {
  /** The entity-tag. Left out for none. */
  readonly tag?: string | undefined
  /**
   * `allowed`: the file may grow while it is sent. Its bytes up to the size at opening are sent, always whole.
   * `refused`: if the file grows, the answer is cut, since the bytes before its old end may have changed too.
   */
  readonly growth: 'allowed' | 'refused'
  /**
   * Whether a change of mode, owner, link count or path explains a ctime that changed while the file was sent. It does
   * not under a tag of the content, which is for files whose writers are not trusted.
   */
  readonly explanations: 'believed' | 'refused'
  /** The coding of the bytes, or `identity` for a file that has variants. Left out for one that has none. */
  readonly coding?: Coding | undefined
  readonly context: DigestContext
}

/** One version of a file, read through the descriptor that is open for it. */
export class FileRepresentation implements NearbyReader, LocalFile, Digested {
  readonly size: number
  readonly etag: string | undefined
  readonly lastModified: Date | undefined
  readonly lastModifiedStrength: 'strong' | 'weak' | 'open'
  readonly acceptRanges: 'none' | undefined
  /** Own properties, although there are none: inherited ones would be sent. */
  readonly contentType: undefined = undefined
  readonly headers: undefined = undefined
  readonly contentEncoding: string | undefined
  readonly #file: OpenFile
  readonly #growth: FileDescription['growth']
  readonly #explanations: FileDescription['explanations']
  readonly #context: DigestContext
  /** In ms since the epoch. Nothing was read before. */
  readonly #openedAtMs = Date.now()

  constructor(file: OpenFile, { tag, growth, explanations, coding, context }: FileDescription) {
    this.#file = file
    this.#growth = growth
    this.#explanations = explanations
    this.#context = context
    this.size = Number(file.version.size)
    this.etag = tag
    this.acceptRanges = growth === 'allowed' ? 'none' : undefined
    const isDated = mtimeSecondOf(file.version) !== undefined
    this.lastModified = isDated ? new Date(mtimeMsOf(file.version)) : undefined
    this.contentEncoding = coding === 'identity' ? undefined : coding
    const strength = file.dateStrength()
    // Tools give a compressed file the date of the original.
    const isShared = growth === 'allowed' || coding !== undefined
    this.lastModifiedStrength = strength === 'strong' && isShared ? 'weak' : strength
  }

  cached({ first, last }: ByteRange): Uint8Array | undefined {
    return this.#file.cachedRanges.find(first, last - first + 1)
  }

  /**
   * Caches bytes of settled versions only: another version may have been written to unnoticed. And only when its write is
   * over, since bytes that are read before that may be older ones.
   */
  offerToCache({ first }: ByteRange, bytes: Uint8Array): void {
    const isLasting = this.#file.settled && isWriteOver(this.#file.version, this.#openedAtMs)
    if (isLasting && this.#growth === 'refused') this.#file.cachedRanges.keep(first, bytes)
  }

  readAt(target: Uint8Array, position: number): Promise<number> {
    return this.#file.readAt(target, position)
  }

  readNearby(reads: readonly Read[]): Promise<boolean> {
    return this.#file.readNearby(reads)
  }

  segmentsBelow(root: string): Promise<readonly string[] | undefined> {
    return segmentsBelow(root, this.#file)
  }

  digestOf(algorithm: DigestAlgorithm): Promise<string | undefined> {
    return digestOf(this.#file, algorithm, this.#context)
  }

  async unchanged(): Promise<boolean> {
    const isSame = this.#explanations === 'believed' ? this.#file.isUnchanged() : this.#file.isUntouched()
    if (await isSame) return true
    return this.#growth === 'allowed' && (await this.#file.hasGrown())
  }

  close(): void {
    this.#file.release()
  }
}
