// Where a finished file goes: its name, and what stands there already.
import { stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { cleanUpFinished } from '../claim/finished-cleanup.ts'
import { hasPlaceholder } from '../claim/placeholder.ts'
import { readSecret } from '../claim/secret.ts'
import { DownloadError, unlessShort } from '../errors.ts'
import { digestOf } from '../files/file-digest.ts'
import { entryAt, existsError, type PathEntry } from '../files/path-entry.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { nameFromDisposition, nameFromUrl } from '../state/file-name.ts'
import { pathForKey, statePaths } from '../state/state-paths.ts'
import type { Warnings } from '../text/warnings.ts'

/** Where the file goes: its path, or a directory in which the server's name for it, made safe, is used. */
export type Destination = string | { readonly directory: string }

/** A path that can only be that of a directory. */
const FOLDER = process.platform === 'win32' ? /[/\\]$/ : /\/$/

/** How an output treats what it finds. */
export interface OutputOptions {
  readonly existing: 'refuse' | 'replace'
  readonly warnings: Warnings
  /** What is downloaded; see `StoreOptions`. */
  readonly key: string
}

/** The place of a finished file. Nothing is written here. */
export class Output {
  /** Whether the caller chose the name; else the server may. */
  readonly isNamed: boolean
  readonly #options: OutputOptions
  #path: string
  /** Where the part file is. */
  #folder: string

  constructor(destination: Destination, url: URL, options: OutputOptions) {
    this.isNamed = typeof destination === 'string'
    if (typeof destination === 'string' && FOLDER.test(destination)) throw namesFolder(destination)
    this.#options = options
    this.#path =
      typeof destination === 'string'
        ? resolve(destination)
        : resolve(destination.directory, nameFromUrl(url))
    this.#folder = dirname(this.#path)
  }

  /** The final path. It may be that of a symbolic link. */
  get path(): string {
    return this.#path
  }

  /** The server's own name for the file (Content-Disposition) replaces the one from the URL. */
  rename(disposition: string | null): void {
    const name = nameFromDisposition(disposition)
    if (name !== null) this.#path = join(dirname(this.#path), name)
  }

  /**
   * What the finished file is to take the place of: nothing, or a file that may be replaced. A symbolic link stays; what it
   * leads to is replaced, in its own folder.
   * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where a file is there that is not to be replaced, and as {@link entryAt}
   */
  async place(): Promise<PathEntry> {
    const place = await entryAt(this.#path)
    if (place.kind === 'nothing') return place
    if (this.#options.existing === 'refuse') {
      if (!(await this.#isPlaceholder(place))) {
        await this.#cleanUp(place.path)
        throw existsError(this.#path)
      }
      return { kind: 'nothing', path: this.#path } // it goes when the lock is held
    }
    if (this.isNamed) this.#folder = dirname(place.path)
    else await this.#assertSameFileSystem(place.path)
    return place
  }

  /** @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` where there is no room for `bytes` more */
  async assertRoom(bytes: number): Promise<void> {
    const found = await statfs(this.#folder).catch(() => null)
    // Some file systems, of FUSE above all, do not know their size: they say 0 of 0 blocks.
    if (found === null || found.blocks === 0 || found.bsize === 0) {
      this.#options.warnings.add('free-space')
      return
    }
    const free = found.bavail * found.bsize
    if (bytes <= free) return
    const sizes = `${bytes} more bytes are announced, ${free} are free`
    throw new DownloadError('ERR_DOWNLOAD_DISK_FULL', `no room for ${this.#path}: ${sizes}`)
  }

  /** Size of the file that is there, if it is the one with this digest; else null. */
  async finishedSize(
    { algorithm, value }: ExpectedDigest,
    signal: AbortSignal | null,
  ): Promise<number | null> {
    const place = await entryAt(this.#path)
    if (place.kind === 'nothing') return null
    const found = await digestOf(place.path, { algorithm, signal }).catch(unlessShort(null, place.path))
    signal?.throwIfAborted()
    if (found?.digest !== value) return null
    await this.#cleanUp(place.path)
    return found.size
  }

  /** See {@link cleanUpFinished}. Where it fails, a later run has a look. */
  async #cleanUp(path: string): Promise<void> {
    await cleanUpFinished({ path, key: this.#options.key, signal: null }).catch(() => undefined)
  }

  /** Is there only the empty file of a run that was killed? */
  async #isPlaceholder({ stats }: PathEntry & { kind: 'file' }): Promise<boolean> {
    if (stats.size > 0) return false
    const { key } = await readSecret(null)
    const states = [this.#path, pathForKey(this.#path, this.#options.key)].map(statePaths)
    const found = await Promise.all(states.map((paths) => hasPlaceholder(paths, this.#path, key)))
    return found.includes(true)
  }

  /** The bytes of a file whose name comes from elsewhere are already in its folder: they can only be renamed. */
  async #assertSameFileSystem(target: string): Promise<void> {
    const [here, there] = await Promise.all([stat(this.#folder), stat(dirname(target))])
    if (here.dev === there.dev) return
    const reason = `it leads to another file system; name ${target} itself`
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${this.#path}: ${reason}`)
  }
}

function namesFolder(destination: string): DownloadError {
  const advice = 'give the name of a file, or a directory for it (-d, or { directory })'
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${destination} is the name of a directory; ${advice}`)
}
