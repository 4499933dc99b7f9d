import { close, fstat, read, readv } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SendRangeError } from '../errors.ts'
import { formatEntityTag } from '../rules/entity-tag.ts'
import { type Read, targetsWithGaps } from '../sources/nearby-reads.ts'
import type { FileOperations } from './file-operations.ts'
import {
  CLOCK_GRAIN_MS,
  type FileVersion,
  isSecondOpen,
  opaqueTagOf,
  sameContent,
  sameVersion,
  versionOf,
} from './file-version.ts'
import { freshRun } from './fresh-run.ts'
import { RangeCache, type VersionRanges } from './range-cache.ts'
import { operationsOn } from './storage.ts'
import { hasContentOf, type SeenFile, versionHistory } from './version-history.ts'

const fstatFd = promisify(fstat)

/** How long a file of which only the times have moved is looked at, in ms: a thread may wait long for a processor. */
const UNDECIDED_MS = 1000

const rangeCache = new RangeCache()

/** Closes that have been started, of all files. */
const closes = new Set<Promise<void>>()

/** Resolves when the descriptors that are being closed now are free again. */
export async function closesUnderWay(): Promise<void> {
  await Promise.all(closes)
}

function closeDescriptor(fd: number): void {
  const closed = new Promise<void>((resolve) => close(fd, () => resolve()))
  closes.add(closed)
  void closed.then(() => closes.delete(closed))
}

/** What is known of a file when it has been opened. */
export interface OpenFileFacts extends SeenFile {
  readonly settled: boolean
  readonly hasBlocks: boolean
  /** The ctime that the tag is made of. */
  readonly tagCtimeNs: bigint
  /** Ms since the epoch: the path led to this version then, or later. */
  readonly seenAt: number
}

/**
 * One open regular file, pinned to the version it had when it was opened. Counts its users: the descriptor is closed
 * when the last one has released it.
 */
export class OpenFile {
  readonly fd: number
  readonly version: FileVersion
  /** Where the file really lies, symlinks followed. */
  readonly realPath: string
  /** Whether reading through this descriptor moves the atime. */
  readonly reads: SeenFile['reads']
  /** Whether a second write could no longer hide behind the same timestamps. */
  readonly settled: boolean
  /** Whether the file takes space on a disk. Without any it is sparse, or made when it is read. */
  readonly hasBlocks: boolean
  /** Names this version, among all that the file system tells apart. */
  readonly versionKey: string
  /** The entity-tag made of the version: weak as long as a second write could hide. */
  readonly statTag: string
  /** Small ranges of this version that are kept in memory. */
  readonly cachedRanges: VersionRanges = rangeCache.forVersion()
  /** What this file's storage is asked through. */
  readonly #operations: FileOperations
  #users = 1
  #seenAt: number
  #dateStrength: 'strong' | 'weak' | undefined

  constructor(fd: number, facts: OpenFileFacts) {
    this.fd = fd
    this.version = facts.version
    this.realPath = facts.realPath
    this.#operations = operationsOn(facts.realPath)
    this.reads = facts.reads
    this.settled = facts.settled
    this.hasBlocks = facts.hasBlocks
    this.#seenAt = facts.seenAt
    const { dev, ino, size, mtimeNs, ctimeNs } = facts.version
    this.versionKey = [dev, ino, size, mtimeNs, ctimeNs].join(':')
    const strength = facts.settled ? 'strong' : 'weak'
    this.statTag = formatEntityTag({ strength, opaque: opaqueTagOf(facts.version, facts.tagCtimeNs) })
  }

  /** Notes that the path led to this version at a later time, in ms since the epoch. */
  seenAgain(at: number): void {
    this.#seenAt = Math.max(this.#seenAt, at)
  }

  /**
   * Whether the mtime is this version's alone: `open` while the next version could still get one of the same second.
   */
  dateStrength(): 'strong' | 'weak' | 'open' {
    if (isSecondOpen(this.version, this.#seenAt)) return 'open'
    this.#dateStrength ??= versionHistory.dateStrengthOf(this, this.statTag)
    return this.#dateStrength
  }

  /** Adds a user; false when the descriptor is closed already. */
  retain(): boolean {
    if (this.#users === 0) return false
    this.#users++
    return true
  }

  /** Takes a user away. The descriptor is closed with the last one. */
  release(): void {
    if (--this.#users === 0) closeDescriptor(this.fd)
  }

  /** Looks at the open descriptor again, in a look that starts after this call. */
  readonly currentVersion: () => Promise<FileVersion> = freshRun(async () =>
    versionOf(await this.#operations.run(() => this.#use(() => fstatFd(this.fd, { bigint: true })))),
  )

  /** Whether the content is still the one that was opened, as far as can be told. */
  async isUnchanged(): Promise<boolean> {
    return hasContentOf(this, await this.currentVersion())
  }

  /** The same, where nothing that moves the ctime explains it but that another file has taken its last name. */
  async isUntouched(): Promise<boolean> {
    const now = await this.currentVersion()
    if (sameVersion(this.version, now)) return true
    return now.nlink === 0n && sameContent(this.version, now, this.reads)
  }

  /**
   * Whether the file is longer than it was when it was opened. A write moves the ctime and the mtime first and the size
   * last, and its thread may lose the processor in between, so a file of which only the times have moved is looked at
   * some times.
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

  /** Reads into `target` from `position`; returns the count of bytes, 0 at the end. */
  readAt(target: Uint8Array, position: number): Promise<number> {
    return this.#operations.read(target.length, () => this.#use(() => readInto(this.fd, target, position)))
  }

  /** Reads several places with one call, those between them too. False when the file gave fewer bytes. */
  readNearby(reads: readonly Read[]): Promise<boolean> {
    const targets = targetsWithGaps(reads)
    const byteCount = targets.reduce((sum, { length }) => sum + length, 0)
    const position = reads[0]?.position ?? 0
    return this.#operations.read(byteCount, () =>
      this.#use(async () => (await readInOneCall(this.fd, targets, position)) === byteCount),
    )
  }

  /** Keeps the descriptor open for one operation: its number may be another file's as soon as it is closed. */
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
