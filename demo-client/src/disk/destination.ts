// The path of a finished file, and what is there already.
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { cleanUpFinished } from '../claim/finished-cleanup.ts'
import { readSecret } from '../claim/journal-key.ts'
import { hasPlaceholder } from '../claim/placeholder.ts'
import { DownloadError, unlessShort } from '../errors.ts'
import { digestOf } from '../files/file-digest.ts'
import { freeSpace } from '../files/free-space.ts'
import { entryAt, existsError, type PathEntry } from '../files/path-entry.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { nameFromDisposition, nameFromUrl } from '../state/file-name.ts'
import { pathForKey, statePaths } from '../state/state-paths.ts'
import { formatSize } from '../text/quantities.ts'
import type { Warnings } from '../text/warnings.ts'
import type { PathHolder } from './taken-paths.ts'

/** Where the file goes: its path, or a directory. In a directory the server's name for the file is used, made safe. */
export type Destination = string | { readonly directory: string }

/** A path that can only be that of a directory. */
const FOLDER = process.platform === 'win32' ? /[/\\]$/ : /\/$/

/** How an output treats a file that is there. */
export interface OutputOptions {
  readonly existing: 'refuse' | 'replace' | 'update'
  readonly warnings: Warnings
  /** What is downloaded; see `StoreOptions`. */
  readonly key: string
  /** Keeps other downloads of the batch from the path. It is taken once it is certain. */
  readonly holder: PathHolder
}

/** The path of a finished file. This class writes nothing. */
export class Output {
  /** Whether the caller chose the name. Otherwise the server may choose it. */
  readonly isNamed: boolean
  readonly #options: OutputOptions
  #path: string
  /** The folder of the part file. */
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

  /** The final path. A symbolic link may be there. */
  get path(): string {
    return this.#path
  }

  /** The folder of that path. */
  get folder(): string {
    return dirname(this.#path)
  }

  /**
   * Keeps the chosen path from the other files of the batch. Called with the lock held: a download without it must not keep
   * the one that has it from its name.
   * @throws as {@link rename}
   */
  take(): void {
    this.#options.holder.take(this.#path)
  }

  /**
   * Uses the server's name for the file (Content-Disposition), if there is one, instead of the one from the URL.
   * @throws DownloadError `ERR_DOWNLOAD_BUSY` if another file of the batch has it
   */
  rename(disposition: string | null): void {
    const name = nameFromDisposition(disposition)
    if (name !== null) this.#path = join(dirname(this.#path), name)
    this.take()
  }

  /** Uses the name that the server chose in an earlier run. */
  takeName(name: string): void {
    this.#path = join(dirname(this.#path), name)
  }

  /** Keeps the file that is there from the other files of the batch: it is the one of this download. @throws as {@link rename} */
  async keep(): Promise<void> {
    this.take()
    const place = await entryAt(this.#path).catch(unlessShort(null, this.#path))
    if (place !== null) await this.#options.holder.keep(this.#path, place.path)
  }

  /**
   * What is at the final path: nothing, or a file that may be replaced. A symbolic link stays, and the file that it leads to
   * is replaced in its own folder.
   * @throws DownloadError `ERR_DOWNLOAD_EXISTS` if a file is there that must not be replaced, and as {@link entryAt}
   */
  async place(): Promise<PathEntry> {
    const place = await entryAt(this.#path)
    if (place.kind === 'nothing') return place
    await this.#options.holder.assertNotTaken(this.#path, place.path)
    if (this.#options.existing === 'refuse') {
      if (!(await this.#isPlaceholder(place))) {
        await this.cleanUp(place.path)
        throw existsError(this.#path)
      }
      return { kind: 'nothing', path: this.#path } // it is removed once the lock is held
    }
    if (this.isNamed) this.#folder = dirname(place.path)
    else await this.#assertSameFileSystem(place.path)
    return place
  }

  /** @throws DownloadError that says what has the final name, if `error` is that it is taken; otherwise `error` */
  async failed(error: unknown): Promise<never> {
    if (error instanceof DownloadError && error.code === 'ERR_DOWNLOAD_EXISTS') await this.place()
    throw error
  }

  /** @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` if there is no space for `bytes` more */
  async assertRoom(bytes: number): Promise<void> {
    const free = await freeSpace(this.#folder)
    if (free === null) this.#options.warnings.add('free-space')
    if (free === null || bytes <= free) return
    const sizes = `${formatSize(bytes)} are needed, ${formatSize(bytes - free)} more than are free`
    throw new DownloadError('ERR_DOWNLOAD_DISK_FULL', `not enough disk space for ${this.#path}: ${sizes}`)
  }

  /** The size of the file that is there if it has this digest; otherwise null. */
  async finishedSize(
    { algorithm, value }: ExpectedDigest,
    signal: AbortSignal | null,
  ): Promise<number | null> {
    const place = await entryAt(this.#path)
    if (place.kind === 'nothing') return null
    const found = await digestOf(place.path, { algorithm, signal }).catch(unlessShort(null, place.path))
    signal?.throwIfAborted()
    if (found?.digest !== value) return null
    await this.cleanUp(place.path)
    return found.size
  }

  /** See {@link cleanUpFinished}. If it fails, a later run cleans up. @param path where the file is */
  async cleanUp(path: string): Promise<void> {
    await cleanUpFinished({ path, key: this.#options.key, signal: null }).catch(() => undefined)
  }

  /** Is the file there only the placeholder of a killed run? */
  async #isPlaceholder({ stats }: PathEntry & { kind: 'file' }): Promise<boolean> {
    if (stats.size > 0) return false
    const { key } = await readSecret(null)
    const states = [this.#path, pathForKey(this.#path, this.#options.key)].map(statePaths)
    const found = await Promise.all(states.map((paths) => hasPlaceholder(paths, this.#path, key)))
    return found.includes(true)
  }

  /** If the server named the file, its bytes are already in a part file in this folder. A rename must reach the target. */
  async #assertSameFileSystem(target: string): Promise<void> {
    const [here, there] = await Promise.all([stat(this.#folder), stat(dirname(target))])
    if (here.dev === there.dev) return
    const reason = `it leads to another file system. Give the path ${target} itself`
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${this.#path}: ${reason}`)
  }
}

function namesFolder(destination: string): DownloadError {
  const advice = 'Give the path of a file, or use -d (in the library { directory })'
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${destination} is the name of a directory. ${advice}`)
}
