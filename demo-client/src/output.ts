// Where a finished file goes: its name, and what stands there already.
import { lstat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { ExpectedDigest } from './digest.ts'
import { DownloadError, fileError, systemCode } from './errors.ts'
import { digestOf } from './file-digest.ts'
import { nameFromDisposition, nameFromUrl } from './names.ts'

/** Where the file goes: its path, or a directory in which the server's name for it, made safe, is used. */
export type Destination = string | { readonly directory: string }

/** The place of a finished file. Nothing is written here: the rename at the end is the part file's. */
export class Output {
  /** Whether the caller chose the name; else the server may. */
  readonly isNamed: boolean
  readonly #existing: 'refuse' | 'replace'
  #path: string

  constructor(destination: Destination, url: URL, existing: 'refuse' | 'replace') {
    this.isNamed = typeof destination === 'string'
    this.#existing = existing
    this.#path =
      typeof destination === 'string'
        ? resolve(destination)
        : resolve(destination.directory, nameFromUrl(url))
  }

  /** The final path. */
  get path(): string {
    return this.#path
  }

  /** The server's own name for the file (Content-Disposition) replaces the one from the URL. */
  rename(disposition: string | null): void {
    const name = nameFromDisposition(disposition)
    if (name !== null) this.#path = join(dirname(this.#path), name)
  }

  /**
   * @throws DownloadError `ERR_DOWNLOAD_EXISTS` where a file is there that is not to be replaced,
   * `ERR_DOWNLOAD_UNWRITABLE` where it is a directory or some other thing
   */
  async assertFree(): Promise<void> {
    if ((await whatIsAt(this.#path)) === 'nothing' || this.#existing === 'replace') return
    throw new DownloadError('ERR_DOWNLOAD_EXISTS', `${this.#path} exists already and is left as it is`)
  }

  /** @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` where there is no room for `bytes` more */
  async assertRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#path)).catch((error: unknown) => {
      throw fileError(error, dirname(this.#path))
    })
    if (bytes <= bavail * bsize) return
    const sizes = `${bytes} more bytes are announced, ${bavail * bsize} are free`
    throw new DownloadError('ERR_DOWNLOAD_DISK_FULL', `no room for ${this.#path}: ${sizes}`)
  }

  /** Size of the file that is there, if it is the one with this digest; else null. */
  async finishedSize({ algorithm, value }: ExpectedDigest): Promise<number | null> {
    if ((await whatIsAt(this.#path)) === 'nothing') return null
    const found = await digestOf(this.#path, algorithm).catch(() => null)
    return found?.digest === value ? found.size : null
  }
}

/** What is at `path`: nothing, or a file or link that a rename would replace. */
async function whatIsAt(path: string): Promise<'nothing' | 'file'> {
  try {
    const found = await lstat(path)
    if (found.isFile() || found.isSymbolicLink()) return 'file'
    const what = found.isDirectory() ? 'a directory' : 'something that is not a file'
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${path}: ${what} has that name`)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'nothing'
    throw fileError(error, path)
  }
}
