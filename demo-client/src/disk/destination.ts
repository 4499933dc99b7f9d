// Where a finished file goes: its name, and what stands there already.
import { stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isLeftBy } from '../claim/placeholder.ts'
import { readSecret } from '../claim/secret.ts'
import { settle } from '../claim/settle.ts'
import { DownloadError, unlessShort } from '../errors.ts'
import { digestOf } from '../files/file-digest.ts'
import { existsError, lookAt, type Place } from '../files/place.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { nameFromDisposition, nameFromUrl } from '../state/file-name.ts'
import { pathForKey, statePaths } from '../state/state-names.ts'
import type { Shortfalls } from '../text/shortfall.ts'

/** Where the file goes: its path, or a directory in which the server's name for it, made safe, is used. */
export type Destination = string | { readonly directory: string }

/** A path that can only be that of a directory. */
const FOLDER = process.platform === 'win32' ? /[/\\]$/ : /\/$/

/** How an output treats what it finds. */
export interface OutputOptions {
  readonly existing: 'refuse' | 'replace'
  readonly shortfalls: Shortfalls
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
   * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where a file is there that is not to be replaced, and as {@link lookAt}
   */
  async place(): Promise<Place> {
    const place = await lookAt(this.#path)
    if (place.kind === 'nothing') return place
    if (this.#options.existing === 'refuse') {
      if (!(await this.#isLeft(place))) {
        await this.#settle(place.path)
        throw existsError(this.#path)
      }
      return { kind: 'nothing', path: this.#path } // it goes when the lock is held
    }
    if (this.isNamed) this.#folder = dirname(place.path)
    else await this.#assertNear(place.path)
    return place
  }

  /** @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` where there is no room for `bytes` more */
  async assertRoom(bytes: number): Promise<void> {
    const found = await statfs(this.#folder).catch(() => null)
    // Some file systems, of FUSE above all, do not know their size: they say 0 of 0 blocks.
    if (found === null || found.blocks === 0 || found.bsize === 0) {
      this.#options.shortfalls.note('free-space')
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
    const place = await lookAt(this.#path)
    if (place.kind === 'nothing') return null
    const found = await digestOf(place.path, { algorithm, signal }).catch(unlessShort(null, place.path))
    signal?.throwIfAborted()
    if (found?.digest !== value) return null
    await this.#settle(place.path)
    return found.size
  }

  /** See {@link settle}. Where it fails, a later run has a look. */
  async #settle(path: string): Promise<void> {
    await settle({ path, key: this.#options.key, signal: null }).catch(() => undefined)
  }

  /** Is there only the empty file of a run that was killed? */
  async #isLeft({ stats }: Place & { kind: 'file' }): Promise<boolean> {
    if (stats.size > 0) return false
    const { key } = await readSecret(null)
    const states = [this.#path, pathForKey(this.#path, this.#options.key)].map(statePaths)
    const found = await Promise.all(states.map((paths) => isLeftBy(paths, this.#path, key)))
    return found.includes(true)
  }

  /** The bytes of a file whose name comes from elsewhere are already in its folder: they can only be renamed. */
  async #assertNear(target: string): Promise<void> {
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
