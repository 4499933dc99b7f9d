// The digest that a file of checksums has for a URL. Pure.
import { DownloadError } from '../errors.ts'
import { ALGORITHMS, type ExpectedDigest } from '../rules/digest.ts'
import { decodePercent } from '../rules/percent-encoding.ts'
import { publicUrl } from '../text/public-url.ts'
import type { ChecksumLine } from './checksum-lines.ts'

/** A file with its digest. */
export interface Listed {
  /** The path in the list, without `./` in front. Empty if the list has a digest alone. */
  readonly path: string
  /** The strongest digest. */
  readonly digest: ExpectedDigest
}

/** Files of checksums, to look up URLs in. */
export class ChecksumList {
  readonly #name: string
  readonly #files: readonly Listed[]
  /** By the last part of the path. */
  readonly #byLastPart = new Map<string, Listed[]>()
  /** Last parts of paths that have only weaker digests. */
  readonly #weak = new Set<string>()

  /**
   * @param name of the list, for messages
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if a path has two digests, or if no line can be used
   */
  constructor(lines: readonly ChecksumLine[], name: string) {
    this.#name = name
    for (const line of lines) if (line.algorithm === 'other') this.#weak.add(lastPart(pathOf(line)))
    this.#files = strongestOf(lines, name)
    if (this.#files.length === 0)
      throw usage(lines.length === 0 ? `${name} has no checksums` : `${name} has ${ONLY_STRONG}`)
    for (const file of this.#files) {
      const part = lastPart(file.path)
      this.#byLastPart.set(part, [...(this.#byLastPart.get(part) ?? []), file])
    }
  }

  /** Every file of the list. */
  get files(): readonly Listed[] {
    return this.#files
  }

  /**
   * The file that a URL is of: the one whose path is the end of the URL's path, otherwise the one with the same last part.
   * A list that is one digest alone is for any URL.
   * @param name by which to look if the URL has no such name; null: no other name
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if no line or more than one is about it
   */
  of(url: URL, name: string | null = null): Listed {
    const [only] = this.#files
    if (only !== undefined && this.#files.length === 1 && only.path === '') return only
    const path = url.pathname.split('/').map(decodePercent).join('/')
    const found = this.#find(path) ?? (name === null ? null : this.#find(`/${name}`))
    if (found !== null) return found
    const part = lastPart(path)
    const reason = this.#weak.has(part)
      ? `has ${ONLY_STRONG.replace('it', part)}`
      : `does not have ${part || 'its name'}`
    throw usage(`${publicUrl(url)}: ${this.#name} ${reason}`)
  }

  #find(path: string): Listed | null {
    const candidates = this.#byLastPart.get(lastPart(path)) ?? []
    const byEnd = candidates.filter((file) => path.endsWith(`/${file.path}`))
    const [longest] = byEnd.toSorted((a, b) => b.path.length - a.path.length)
    if (longest !== undefined) return longest
    const [first, ...others] = candidates
    if (first === undefined) return null
    if (others.every(({ digest }) => digest.value === first.digest.value)) return first
    const paths = candidates.map((file) => file.path).join(', ')
    throw usage(`${lastPart(path)} may be one of several in ${this.#name}: ${paths}`)
  }
}

const ONLY_STRONG =
  'no sha-256 or sha-512 digest of it. Others, such as md5 and sha-1, only prove that a file is not damaged'

function strongestOf(lines: readonly ChecksumLine[], list: string): Listed[] {
  const files = new Map<string, Listed>()
  for (const line of lines) {
    const { algorithm } = line
    if (algorithm === 'other') continue
    const path = pathOf(line)
    const value = Buffer.from(line.digest, 'hex').toString('base64')
    const before = files.get(path)?.digest
    if (before?.algorithm === algorithm && before.value !== value)
      throw usage(`${list}:${line.line}: ${path || 'the file'} has another digest in a line above`)
    if (before === undefined || ALGORITHMS.indexOf(algorithm) < ALGORITHMS.indexOf(before.algorithm))
      files.set(path, { path, digest: { algorithm, value } })
  }
  return [...files.values()]
}

function pathOf({ name }: ChecksumLine): string {
  return (name ?? '').replace(/^(?:\.\/+)+/, '')
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
