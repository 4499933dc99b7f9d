// NAME.part.lock: only one process at a time writes to an output. A lock left by a dead process, or a zombie, is ignored.
import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { DownloadError, fileError } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { exists } from '../files/free-name.ts'
import { removeFile } from '../files/remove-file.ts'
import { shortageOf } from '../system-shortage.ts'
import { HEARTBEAT_INTERVAL_MS, isAbandoned, isLocalFileSystem } from './heartbeat.ts'
import { clearLock, isForeign, readOwner, tryCreate } from './lock-file.ts'
import { type Life, lifeOf, lifeOfMaker, newOwner, type Owner } from './lock-owner.ts'
import { temporariesIn } from './stale-files.ts'

/** Where in the file of a lock it says whether its owner has ended, in bytes. */
const ENDED_OFFSET = '{"ended":'.length
/** What is locked, and for which download. */
export interface LockOptions {
  readonly path: string
  /** Hash of the download's key. */
  readonly key: string
  /** The key of journals. By it later runs recognize the files of this one. */
  readonly secret: Buffer
  /** The path that messages show. */
  readonly output: string
  /** Ends the wait for a heartbeat of its owner. */
  readonly signal: AbortSignal | null
}

/** The previous owner of a lock that was not released. */
export interface Predecessor {
  readonly owner: Owner | null
  /** Is it certain that it writes no more? A process of another machine may only have missed its heartbeats. */
  readonly isDead: boolean
}

interface CreatedLock {
  readonly token: string
  readonly file: FileHandle
  readonly stats: BigIntStats
}

/** A held lock. Release it. */
export class Lock {
  /** The owner's token. A journal names its writer by it. */
  readonly token: string
  readonly predecessor: Predecessor | null
  readonly #options: LockOptions
  readonly #file: FileHandle
  /** What identifies it. No other file can have its number while it is open. */
  readonly #id: Pick<BigIntStats, 'ino' | 'dev'>
  readonly #heartbeat: NodeJS.Timeout
  #isLocal: Promise<boolean> | null = null
  /** Time of creation by the file system's clock, less this process's own clock, in ms. */
  readonly #createdAt: number

  private constructor(options: LockOptions, owned: CreatedLock, predecessor: Predecessor | null) {
    this.token = owned.token
    this.#createdAt = Number(owned.stats.mtimeNs) / 1e6 - performance.now()
    this.#id = owned.stats
    this.predecessor = predecessor
    this.#options = options
    this.#file = owned.file
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_INTERVAL_MS)
    this.#heartbeat.unref()
  }

  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` if a living process holds it */
  static async acquire(options: LockOptions): Promise<Lock> {
    const got = await Lock.attempt(options)
    if (got instanceof Lock) return got
    throw busy(options, got.holder)
  }

  /** The lock, if there was none; otherwise null. */
  static async attemptNew(options: LockOptions): Promise<Lock | null> {
    try {
      return await Lock.#make(options, await ownerOf(options), null)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw fileError(error, options.path)
    }
  }

  static async #make(
    options: LockOptions,
    owner: Owner,
    predecessor: Predecessor | null,
  ): Promise<Lock | null> {
    const file = await tryCreate(options.path, owner)
    if (file === null) return null
    const stats = await file.stat({ bigint: true })
    return new Lock(options, { token: owner.token, file, stats }, predecessor)
  }

  /** The lock, or the living process that holds it, if that is known. */
  static async attempt(options: LockOptions): Promise<Lock | { holder: Owner | null }> {
    let predecessor: Predecessor | null = null
    try {
      const owner = await ownerOf(options)
      for (let attempt = 0; attempt < 5; attempt++) {
        const lock = await Lock.#make(options, owner, predecessor)
        if (lock !== null) return lock
        const found = await inspect(options, owner.token)
        if (found === null) continue // it was released in the meantime
        if (found.life === 'alive') return { holder: found.owner }
        if (await clearLock(options.path, found.owner, owner.token)) {
          predecessor = { owner: found.owner, isDead: found.life === 'dead' }
        }
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      throw fileError(error, options.path)
    }
    return { holder: null }
  }

  /**
   * @throws DownloadError `ERR_DOWNLOAD_BUSY` if another run has taken the lock, or had it; `ERR_DOWNLOAD_UNWRITABLE` if its
   * folder was moved or deleted
   */
  async assertHeld(): Promise<void> {
    const { path } = this.#options
    if (await this.#isSurelyHeld()) return
    let owner: Owner | null
    try {
      owner = await readOwner(path)
    } catch (error) {
      if (shortageOf(error) !== null && (await this.#hasName())) return
      throw fileError(error, path)
    }
    if (owner?.token === this.token) return
    if (owner !== null) throw busy(this.#options, owner)
    throw (await this.#hasMoved()) ? moved(this.#options) : deleted(this.#options)
  }

  /** `'unrecorded'`: the journal still names this run as its writer. Then the lock stays and says that the run has ended. */
  async release(journal: 'recorded' | 'unrecorded'): Promise<void> {
    clearInterval(this.#heartbeat)
    if (journal === 'unrecorded') await this.#file.write('1', ENDED_OFFSET).catch(() => undefined)
    const isHeld = journal === 'recorded' && (await this.#isHeld())
    await this.#file.close().catch(() => undefined)
    if (isHeld) await removeFile(this.#options.path).catch(() => undefined)
  }

  async #isHeld(): Promise<boolean> {
    if (await this.#isSurelyHeld()) return true
    try {
      return (await readOwner(this.#options.path))?.token === this.token
    } catch {
      return await this.#hasName()
    }
  }

  /**
   * True if this system alone decides what has the path, and that is the file which this run has open. A run that takes over puts
   * another one there. Otherwise the content has to be read: a network file system may answer from its cache until a file is
   * opened.
   */
  async #isSurelyHeld(): Promise<boolean> {
    this.#isLocal ??= isLocalFileSystem(dirname(this.#options.path))
    return (await this.#isLocal) && (await this.#hasName())
  }

  /** Is the file at the path the one that this run has open? This check needs no descriptor. */
  async #hasName(): Promise<boolean> {
    const named = await lstat(this.#options.path, { bigint: true }).catch(() => null)
    return named !== null && named.ino === this.#id.ino && named.dev === this.#id.dev
  }

  /** Is the folder gone, or elsewhere? A run that takes over moves the lock too, but deletes it at once. */
  async #hasMoved(): Promise<boolean> {
    const { path } = this.#options
    const { nlink } = await this.#file.stat()
    return nlink > 0 ? !(await this.#hasName()) : !(await exists(dirname(path)))
  }

  /**
   * Uses the open file, so that the lock of another run is never touched. The time is that of the file system's own clock,
   * which dated the new lock, because another machine may compare it.
   */
  #beat(): void {
    const seconds = (this.#createdAt + performance.now()) / 1000
    this.#file
      .utimes(seconds, seconds)
      .catch(() => this.#file.write('{', 0)) // rewrites the first byte
      .catch(() => undefined) // assertHeld() notices a lock that is gone
  }
}

async function ownerOf({ key, secret }: LockOptions): Promise<Owner> {
  return await withDescriptor(() => newOwner(key, secret))
}

/** `'silent'`: nothing proves that the owner is dead, but its heartbeat has stopped. */
interface FoundLock {
  readonly owner: Owner | null
  readonly life: 'alive' | 'dead' | 'silent'
}

async function inspect({ path, secret, signal }: LockOptions, token: string): Promise<FoundLock | null> {
  const owner = await readOwner(path)
  if (owner === null && (await isForeign(path))) throw notALock(path)
  const life = await withDescriptor(() => (owner === null ? lifeOfMakers(path, secret) : lifeOf(owner)))
  if (life !== 'unknown') return { owner, life }
  const silence = await isAbandoned(path, token, signal)
  if (silence === 'gone') return null
  if (silence === 'no') return { owner, life: 'alive' }
  return { owner, life: silence === 'before-boot' ? 'dead' : 'silent' }
}

/**
 * Is the run alive that is creating this lock, which has no content yet? On a file system without hard links, that run
 * has a draft until the lock is complete.
 */
async function lifeOfMakers(path: string, secret: Buffer): Promise<Life> {
  const found = await temporariesIn(dirname(path), secret)
  const drafts = found.filter(({ file, stage }) => file === basename(path) && stage === 'new')
  if (drafts.length === 0) return 'unknown'
  if (drafts.some(({ token }) => lifeOfMaker(token, secret) !== 'dead')) return 'unknown'
  return (await readOwner(path)) === null ? 'dead' : 'unknown' // a complete lock has no draft
}

function notALock(path: string): DownloadError {
  const advice = 'Delete or rename it, or choose another name for the download'
  return new DownloadError(
    'ERR_DOWNLOAD_UNWRITABLE',
    `cannot write ${path}: a file of that name was not made by range-get. ${advice}`,
  )
}

function moved({ path, output }: LockOptions): DownloadError {
  const reason = `the folder of ${path} was moved, replaced or deleted. Run again`
  return new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${output}: ${reason}`)
}

/** By hand, or by a run that has taken over and ended. */
function deleted({ path, output }: LockOptions): DownloadError {
  const reason = `${path}, the lock of this run, was deleted. Another process may have taken its place; if not, run again`
  return new DownloadError('ERR_DOWNLOAD_BUSY', `cannot write ${output}: ${reason}`)
}

function busy({ output }: LockOptions, owner: Owner | null): DownloadError {
  if (owner?.pid === process.pid && lifeOf(owner) === 'alive') return sameOutput(output)
  const who = owner === null ? 'another process' : `another process (${owner.pid})`
  return new DownloadError('ERR_DOWNLOAD_BUSY', `${who} is downloading to ${output}. Wait for it, or stop it`)
}

/** The error for the second of two downloads of one process that would make one file. */
export function sameOutput(output: string): DownloadError {
  return new DownloadError(
    'ERR_DOWNLOAD_BUSY',
    `another download of this process has the same output, ${output}. Give each its own name`,
  )
}
