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

/** The files of a list whose paths have one last part. There may be many, such as `index.html`. */
interface Namesakes {
  readonly first: Listed
  /** Do all of them have one digest? */
  areEqual: boolean
  count: number
  /** A few of their paths, for messages. */
  readonly paths: string[]
}

/** A message names this many paths. */
const PATHS_IN_MESSAGE = 5

/** Files of checksums, to look up URLs in. A look-up takes as long in a large list as in a small one. */
export class ChecksumList {
  readonly #name: string
  readonly #byPath: ReadonlyMap<string, Listed>
  /** The length of the longest path. */
  readonly #longest: number
  readonly #byLastPart = new Map<string, Namesakes>()
  /** Last parts of paths that have only weaker digests. */
  readonly #weak = new Set<string>()

  /**
   * @param name of the list, for messages
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if a path has two digests, or if no line can be used
   */
  constructor(lines: readonly ChecksumLine[], name: string) {
    this.#name = name
    for (const line of lines) if (line.algorithm === 'other') this.#weak.add(lastPart(pathOf(line)))
    this.#byPath = strongestOf(lines, name)
    if (this.#byPath.size === 0)
      throw usage(lines.length === 0 ? `${name} has no checksums` : `${name} has ${ONLY_STRONG}`)
    let longest = 0
    for (const file of this.#byPath.values()) {
      longest = Math.max(longest, file.path.length)
      this.#addName(file)
    }
    this.#longest = longest
  }

  #addName(file: Listed): void {
    const part = lastPart(file.path)
    const found = this.#byLastPart.get(part) ?? { first: file, areEqual: true, count: 0, paths: [] }
    this.#byLastPart.set(part, found)
    found.count++
    if (found.first.digest.value !== file.digest.value) found.areEqual = false
    if (found.count <= PATHS_IN_MESSAGE) found.paths.push(file.path)
  }

  /** Every file of the list. */
  get files(): readonly Listed[] {
    return [...this.#byPath.values()]
  }

  /**
   * The file that a URL is of: the one whose path is the end of the URL's path, otherwise the one with the same last part.
   * A list that is one digest alone is for any URL.
   * @param name by which to look if the URL has no such name; null: no other name
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if no line or more than one is about it
   */
  of(url: URL, name: string | null = null): Listed {
    const alone = this.#byPath.size === 1 ? this.#byPath.get('') : undefined
    if (alone !== undefined) return alone
    const path = url.pathname.split('/').map(decodePercent).join('/')
    const found = this.#find(path) ?? (name === null ? null : this.#find(`/${name}`))
    if (found !== null) return found
    const part = lastPart(path)
    const reason = this.#weak.has(part)
      ? `has ${ONLY_STRONG.replace('it', () => part)}`
      : `does not have ${part || 'its name'}`
    throw usage(`${publicUrl(url)}: ${this.#name} ${reason}`)
  }

  #find(path: string): Listed | null {
    const part = lastPart(path)
    const namesakes = this.#byLastPart.get(part)
    if (namesakes === undefined) return null
    // The longest end first.
    const first = Math.max(0, path.length - this.#longest - 1)
    for (let slash = path.indexOf('/', first); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const found = this.#byPath.get(path.slice(slash + 1))
      if (found !== undefined) return found
    }
    if (namesakes.areEqual) return namesakes.first
    const { paths, count } = namesakes
    const more = count > paths.length ? `, and ${count - paths.length} more` : ''
    throw usage(`${part} may be one of several in ${this.#name}: ${paths.join(', ')}${more}`)
  }
}

const ONLY_STRONG =
  'no sha-256 or sha-512 digest of it. Others, such as md5 and sha-1, only prove that a file is not damaged'

function strongestOf(lines: readonly ChecksumLine[], list: string): ReadonlyMap<string, Listed> {
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
  return files
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
