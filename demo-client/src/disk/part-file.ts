// The part file, NAME.part: writes at a position, flushes, checks of its bytes, and the final rename.
import { constants } from 'node:fs'
import { type FileHandle, lstat, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { type FinalName, giveFinalName, type Publisher } from '../claim/final-name.ts'
import { markOf } from '../claim/update-record-file.ts'
import { DownloadError, fileError, systemCode } from '../errors.ts'
import { type Clock, DirectWrites } from '../files/direct-writes.ts'
import { fileIdOf } from '../files/file-id.ts'
import { FileReader } from '../files/file-reader.ts'
import { flushFile } from '../files/flush.ts'
import { moveToFree } from '../files/free-name.ts'
import { openNew } from '../files/new-file.ts'
import { openRegular } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import { type RunningHash, runningHash } from '../files/running-hash.ts'
import { RunningPieces } from '../files/running-pieces.ts'
import type { SentAlgorithm } from '../rules/digest.ts'
import type { Pieces } from '../rules/expected-file.ts'
import type { Block, Interval } from '../state/blocks.ts'
import type { FileId } from '../state/journal-format.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import type { FileMark } from '../state/update-record.ts'

/** How a part file is read and written. */
export interface PartAccess {
  /** Ends the reading of large parts of it. */
  readonly signal: AbortSignal | null
  /** By which it is known whether bytes come fast. Default: `performance`. */
  readonly clock?: Clock
}

interface Place {
  readonly path: string
  readonly at: string
}

/** How a new part file is made. */
export interface NewPart extends PartAccess {
  /** Mode of the file, before the user's umask. */
  readonly mode: number
}

/** A new part file, and the run that makes it. */
export interface PartDraft extends NewPart {
  /** The token of that run. */
  readonly token: string
}

/** An open part file. Close it. Every method throws {@link DownloadError} of the file system's kind. */
export class PartFile {
  /** The path that it has, or gets when it is published. */
  readonly path: string
  /** Its current path. */
  #at: string
  /** The name that it had before it was published, if the system has refused to delete that. */
  #left: string | null = null
  readonly #file: FileHandle
  readonly #direct: DirectWrites
  readonly #reader: FileReader
  #isCached = false

  private constructor(file: FileHandle, { path, at }: Place, { signal, clock }: PartAccess) {
    this.path = path
    this.#at = at
    this.#file = file
    this.#direct = new DirectWrites(file, clock)
    this.#reader = new FileReader(file, { path, signal })
  }

  /** Opens the part file that is there, or returns null. A link or anything but a file is refused. */
  static async find(path: string, access: PartAccess): Promise<PartFile | null> {
    try {
      return new PartFile(await openRegular(path, constants.O_RDWR), { path, at: path }, access)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw fileError(error, path)
    }
  }

  /**
   * Makes a new, empty file, which {@link publish} gives the name `path`. Every version of a file starts in a new one, so
   * that another process that still writes to the old file, or reads it under another name, does no harm.
   */
  static async create(path: string, draft: PartDraft): Promise<PartFile> {
    const at = temporaryPath(path, 'new', draft.token)
    try {
      return new PartFile(await openNew(at, draft.mode), { path, at }, draft)
    } catch (error) {
      throw fileError(error, path)
    }
  }

  /** Has it the name `path`? A new one gets it by {@link publish}. */
  get isPublished(): boolean {
    return this.#at === this.path
  }

  /**
   * Gives a new file its name. The journal must already record it: only the journal proves that the file is ours.
   * @param old a file that may be replaced, in one step, if it has the name. If it was removed, a frozen run whose lock was
   * deleted may have moved it away and back when it went on
   * @throws DownloadError `ERR_DOWNLOAD_UNWRITABLE` if another file has the name
   */
  async publish(old: PartFile | null = null): Promise<void> {
    if (this.isPublished) return
    await this.#attempt(async () => {
      let outcome = await moveToFree(this.#at, this.path)
      if (outcome === 'taken' && (await old?.hasName())) {
        await rename(this.#at, this.path)
        outcome = 'moved'
      } else if (outcome === 'taken' && old !== null) outcome = await moveToFree(this.#at, this.path)
      if (outcome === 'taken') {
        const reason = 'another file has taken its name'
        throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `${this.path}: ${reason}. Run again`)
      }
      if (outcome === 'linked') this.#left = this.#at
      this.#at = this.path
    })
  }

  /** What identifies the file; see {@link fileIdOf}. */
  async id(): Promise<FileId | null> {
    return await this.#attempt(async () =>
      fileIdOf(await this.#file.stat({ bigint: true }), dirname(this.path)),
    )
  }

  /** Does the file have other names, under which another process may read or write it? */
  async isShared(): Promise<boolean> {
    return (await this.#attempt(() => this.#file.stat())).nlink > 1
  }

  /** Its size in bytes. */
  async size(): Promise<number> {
    return (await this.#attempt(() => this.#file.stat())).size
  }

  /** Writes all of `bytes` at `position`. */
  async write(bytes: Buffer, position: number): Promise<void> {
    await this.#attempt(async () => {
      if (!this.#isCached && (await this.#direct.write(bytes, position))) return
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done)
        done += bytesWritten
      }
    })
  }

  /** Writes through the page cache from now on, because the file will soon be read again. */
  keepCached(): void {
    this.#isCached = true
  }

  /** Resolves when everything written so far is on the disk, if the file system can guarantee that. */
  async flush(): Promise<void> {
    await this.#attempt(() => flushFile(this.#file, 'data'))
  }

  /** Shortens or extends the file to `size` bytes. */
  async truncate(size: number): Promise<void> {
    await this.#attempt(() => this.#file.truncate(size))
  }

  /** Do the bytes of `block` have its CRC? Reads them from the disk. */
  async holds(block: Block): Promise<boolean> {
    const { end, crc } = await this.blockOf(block)
    return end === block.end && crc === block.crc
  }

  /** The bytes of `interval` as they are on the disk, as far as the file has them. */
  async blockOf({ start, end }: Interval): Promise<Block> {
    let crc = 0
    const length = await this.#reader.read({ start, end }, (bytes) => {
      crc = crc32(bytes, crc)
    })
    return { start, end: start + length, crc }
  }

  /** Copies the bytes of `block` to the same position in `other`. */
  async copyTo(other: PartFile, block: Interval): Promise<void> {
    await this.#reader.copy(block, (bytes, position) => other.write(bytes, position))
  }

  /** The digests of the bytes of `interval` by these algorithms, in base64. Reads them once. */
  async digests<Name extends SentAlgorithm>(
    algorithms: Iterable<Name>,
    interval: Interval,
  ): Promise<ReadonlyMap<Name, string>> {
    const hashes = new Map<Name, RunningHash>()
    for (const algorithm of algorithms) hashes.set(algorithm, await runningHash(algorithm))
    await this.#reader.read(interval, (bytes) => {
      for (const hash of hashes.values()) hash.update(bytes)
    })
    return new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest()]))
  }

  /** The digests of the pieces of the first `total` bytes, in base64. Reads them once. */
  async pieceDigests(pieces: Pieces, total: number): Promise<readonly string[]> {
    const running = new RunningPieces(pieces)
    await this.#reader.read({ start: 0, end: total }, (bytes) => running.update(bytes))
    return running.end()
  }

  /**
   * See {@link giveFinalName}. A new file has a name that only this run uses. Returns the mark of the finished file; null if
   * another program has written to it, or no record needs the mark.
   */
  async finish(name: FinalName, publisher: Publisher): Promise<FileMark | null> {
    const stats = await this.#attempt(() =>
      giveFinalName({ file: this.#file, path: this.#at }, name, {
        ...publisher,
        ownPath: this.isPublished ? publisher.ownPath : this.#at,
      }),
    )
    return stats === null || !name.isRecorded ? null : await markOf(stats, dirname(name.path))
  }

  async close(): Promise<void> {
    // A later run deletes it otherwise.
    if (this.#left !== null) await removeFile(this.#left).catch(() => undefined)
    await this.#direct.close()
    await this.#file.close()
  }

  /** Closes a file that is not needed. A new one that was not published is deleted. */
  async discard(): Promise<void> {
    if (!this.isPublished) await this.remove().catch(() => undefined)
    await this.close().catch(() => undefined)
  }

  /** Deletes the file. Another file that has its name by now stays. */
  async remove(): Promise<void> {
    if (await this.hasName()) await this.#attempt(() => removeFile(this.#at))
  }

  /** Is it the file at its current path? */
  async hasName(): Promise<boolean> {
    const [mine, named] = await Promise.all([
      this.#attempt(() => this.#file.stat({ bigint: true })),
      lstat(this.#at, { bigint: true }).catch(() => null),
    ])
    return named?.ino === mine.ino && named.dev === mine.dev
  }

  async #attempt<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation()
    } catch (error) {
      throw fileError(error, this.path)
    }
  }
}
