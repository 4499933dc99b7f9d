import { randomUUID } from 'node:crypto'
import { close, fstat, read, readv } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SendRangeError } from '../errors.ts'
import { formatEntityTag } from '../rules/entity-tag.ts'
import { type Read, targetsWithGaps } from '../sources/grouped-reads.ts'
import type { FileOperations } from './file-operations.ts'
import {
  CLOCK_GRAIN_MS,
  type FileVersion,
  hasChangeTime,
  isFromLaterClock,
  isSecondOpen,
  opaqueTagOf,
  sameContent,
  sameVersion,
  versionOf,
} from './file-version.ts'
import { operationsOn } from './local-file-systems.ts'
import { MemoryLookup } from './memory-lookup.ts'
import { RangeCache, type VersionRanges } from './range-cache.ts'
import { freshRun } from './shared-run.ts'
import { hasContentOf, type SeenFile, versionHistory } from './version-history.ts'

const fstatFd = promisify(fstat)

/** How long a file is checked again if only its times changed, in ms. A thread may wait long for a processor. */
const UNDECIDED_MS = 1000

const rangeCache = new RangeCache()

/** The running closes, of all files. */
const closes = new Set<Promise<void>>()

/** Resolves when the descriptors that are being closed now are free. */
export async function closesUnderWay(): Promise<void> {
  await Promise.all(closes)
}

function closeDescriptor(fd: number): void {
  const closed = new Promise<void>((resolve) => close(fd, () => resolve()))
  closes.add(closed)
  void closed.then(() => closes.delete(closed))
}

/** What is known of a file after it was opened. */
export interface OpenFileFacts extends SeenFile {
  readonly settled: boolean
  readonly hasBlocks: boolean
  /** The ctime for the tag. */
  readonly tagCtimeNs: bigint
  /** A time at which the path led to this version, in ms since the epoch. */
  readonly seenAt: number
}

/**
 * One open regular file, with the version that it had when it was opened. It counts its users. The descriptor is closed
 * when the last one has released it.
 */
export class OpenFile {
  readonly fd: number
  readonly version: FileVersion
  /** The path of the file, with symlinks followed. */
  readonly realPath: string
  /** Whether reading through this descriptor changes the atime. */
  readonly reads: SeenFile['reads']
  /** Whether no other write can have the same timestamps any more. */
  readonly settled: boolean
  /** Whether the file takes space on a disk. Otherwise it is empty, sparse, or generated when it is read. */
  readonly hasBlocks: boolean
  /** Identifies this version among all that the file system can distinguish. */
  readonly versionKey: string
  /**
   * The entity-tag of the version. While another write can have the same timestamps it is weak, and that of this opening alone.
   */
  readonly statTag: string
  /** Small ranges of this version in memory. */
  readonly cachedRanges: VersionRanges = rangeCache.forVersion()
  /** Runs the operations on the storage of this file. */
  readonly #operations: FileOperations
  readonly #lookup: MemoryLookup
  /** Who opened it. Undefined where systems have no such users. */
  readonly #user = process.geteuid?.()
  readonly #group = process.getegid?.()
  #users = 1
  #seenAt: number
  #dateStrength: 'strong' | 'weak' | undefined

  constructor(fd: number, facts: OpenFileFacts) {
    this.fd = fd
    this.version = facts.version
    this.realPath = facts.realPath
    this.#operations = operationsOn(facts.realPath)
    this.#lookup = new MemoryLookup(fd)
    this.reads = facts.reads
    this.settled = facts.settled
    this.hasBlocks = facts.hasBlocks
    this.#seenAt = facts.seenAt
    const { dev, ino, size, mtimeNs, ctimeNs } = facts.version
    this.versionKey = [dev, ino, size, mtimeNs, ctimeNs].join(':')
    this.statTag = statTagOf(facts)
  }

  /** Notes a later time at which the path led to this version, in ms since the epoch. */
  seenAgain(at: number): void {
    this.#seenAt = Math.max(this.#seenAt, at)
  }

  /**
   * Whether only this version has its mtime. `open` while the next version can still get one of the same second.
   */
  dateStrength(): 'strong' | 'weak' | 'open' {
    if (isSecondOpen(this.version, this.#seenAt)) return 'open'
    this.#dateStrength ??= versionHistory.dateStrengthOf(this, this.statTag)
    return this.#dateStrength
  }

  /** Adds a user; false if the descriptor is closed already. */
  retain(): boolean {
    if (this.#users === 0) return false
    this.#users++
    return true
  }

  /** Removes a user. The last one closes the descriptor. */
  release(): void {
    if (--this.#users === 0) closeDescriptor(this.fd)
  }

  /** Whether the process is still the user that opened the file. Another one (`process.setuid`) may have fewer rights. */
  isOfThisUser(): boolean {
    return this.#user === process.geteuid?.() && this.#group === process.getegid?.()
  }

  /**
   * The path that the file has now, as the system knows it by the descriptor. Undefined if it does not, or the file is closed.
   * Also on a network or FUSE: there the system is not told what others move, and an open file keeps its old path.
   */
  pathKnown(): string | undefined {
    return this.#users > 0 && this.#lookup.isPossible() ? this.#lookup.path() : undefined
  }

  /**
   * Whether the file still has the path and the version with which it was opened. A mount may cover the path: only a walk
   * along it shows that. False if it cannot be said without waiting.
   */
  hasItsPath(): boolean {
    return this.pathKnown() === this.realPath && sameVersion(versionOf(this.#lookup.status()), this.version)
  }

  /** Checks the open descriptor again, in a check that begins after this call. */
  readonly currentVersion: () => Promise<FileVersion> = freshRun(async () => {
    if (this.#users > 0 && this.#lookup.isPossible()) return versionOf(this.#lookup.status())
    return versionOf(await this.#operations.run(() => this.#use(() => fstatFd(this.fd, { bigint: true }))))
  })

  /** Whether the content is the one that was opened, as far as the file system shows. */
  async isUnchanged(): Promise<boolean> {
    return hasContentOf(this, await this.currentVersion())
  }

  /** The same, but the only accepted explanation for a changed ctime is that another file has replaced the last name. */
  async isUntouched(): Promise<boolean> {
    const now = await this.currentVersion()
    if (sameVersion(this.version, now)) return true
    return now.nlink === 0n && sameContent(this.version, now, this.reads)
  }

  /**
   * Whether the file is longer than when it was opened. A write changes the ctime and the mtime first and the size last,
   * and its thread may lose the processor in between. So a file of which only the times changed is checked several
   * times.
   */
  async hasGrown(): Promise<boolean> {
    const { size, mtimeNs, ctimeNs } = this.version
    for (let wait = CLOCK_GRAIN_MS; ; wait *= 2) {
      const now = await this.currentVersion()
      const isUndecided = now.size === size && (now.mtimeNs !== mtimeNs || now.ctimeNs !== ctimeNs)
      if (!isUndecided || wait > UNDECIDED_MS / 2) return now.size > size
      await sleep(wait)
    }
  }

  /** Reads into `target` from `position`. Returns the number of bytes, which is 0 at the end. */
  readAt(target: Uint8Array, position: number): Promise<number> {
    return this.#operations.read(target.length, () => this.#use(() => readInto(this.fd, target, position)))
  }

  /** Reads several places with one call, and the bytes between them. False if the file had fewer bytes. */
  readNearby(reads: readonly Read[]): Promise<boolean> {
    const targets = targetsWithGaps(reads)
    const byteCount = targets.reduce((sum, { length }) => sum + length, 0)
    const position = reads[0]?.position ?? 0
    return this.#operations.read(byteCount, () =>
      this.#use(async () => (await readInOneCall(this.fd, targets, position)) === byteCount),
    )
  }

  /** Keeps the descriptor open for one operation. Once it is closed, another file may get its number. */
  async #use<T>(operate: () => Promise<T>): Promise<T> {
    if (!this.retain()) throw new SendRangeError('ERR_RANGE_READ', 'The file has been closed')
    try {
      return await operate()
    } finally {
      this.release()
    }
  }
}

function readInOneCall(fd: number, targets: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    readv(fd, targets, position, (error, bytesRead) => (error === null ? resolve(bytesRead) : reject(error)))
  })
}

function readInto(fd: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, target.length, position, (error, bytesRead) => {
      if (error === null) resolve(bytesRead)
      else reject(new SendRangeError('ERR_RANGE_READ', 'The file could not be read', { cause: error }))
    })
  })
}

/**
 * Two contents that were written within one step of the clock have the same facts. A client that has the first one must not
 * hear from a 304 that it has the second. So until the step is over, no other opening has the tag. A file system without
 * times of changes, or with another clock, never says that it is over: there the tag stays, so that there are 304s.
 */
function statTagOf({ settled, version, tagCtimeNs, seenAt }: OpenFileFacts): string {
  const opaque = opaqueTagOf(version, tagCtimeNs)
  if (settled) return formatEntityTag({ strength: 'strong', opaque })
  const ends = hasChangeTime(version) && !isFromLaterClock(version, seenAt)
  return formatEntityTag({ strength: 'weak', opaque: ends ? `${opaque}-${randomUUID()}` : opaque })
}
