// NAME.part.lock: one process at a time on one output. A dead owner, a zombie too, does not hold it.
import { type FileHandle, lstat, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { DownloadError, fileError } from '../errors.ts'
import { withDescriptor } from '../files/descriptors.ts'
import { shortageOf } from '../shortage.ts'
import { HEARTBEAT_INTERVAL_MS, isAbandoned } from './heartbeat.ts'
import { clearLock, isForeign, readOwner, tryCreate } from './lock-file.ts'
import { type Life, lifeOf, lifeOfMaker, newOwner, type Owner } from './lock-owner.ts'
import { temporariesIn } from './stale-files.ts'

/** Where a lock says whether its owner has ended. */
const ENDED_OFFSET = '{"ended":'.length
/** What is to be locked. */
export interface LockOptions {
  readonly path: string
  /** Hash of the download's key. */
  readonly key: string
  /** The key of journals: by it later runs know what this one leaves. */
  readonly secret: Buffer
  /** What a message calls it. */
  readonly output: string
  /** Ends the wait for a sign of life of who holds it. */
  readonly signal: AbortSignal | null
}

/** Whose lock it was before, if it was not released. */
export interface Predecessor {
  readonly owner: Owner | null
  /** Is it certain that it writes no more? Another machine's process may only have been silent. */
  readonly isDead: boolean
}

interface CreatedLock {
  readonly token: string
  readonly file: FileHandle
  readonly createdAt: number
}

/** A held lock. Release it. */
export class Lock {
  /** Of the owner: a journal says by it who writes. */
  readonly token: string
  readonly predecessor: Predecessor | null
  readonly #options: LockOptions
  readonly #file: FileHandle
  readonly #heartbeat: NodeJS.Timeout
  /** By the file system's clock, in ms, less this process's own. */
  readonly #createdAt: number

  private constructor(options: LockOptions, owned: CreatedLock, predecessor: Predecessor | null) {
    this.token = owned.token
    this.#createdAt = owned.createdAt
    this.predecessor = predecessor
    this.#options = options
    this.#file = owned.file
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_INTERVAL_MS)
    this.#heartbeat.unref()
  }

  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where a living process holds it */
  static async acquire(options: LockOptions): Promise<Lock> {
    const got = await Lock.attempt(options)
    if (got instanceof Lock) return got
    throw busy(options, got.holder)
  }

  /** The lock, or the living process that holds it, as far as it is known. */
  static async attempt(options: LockOptions): Promise<Lock | { holder: Owner | null }> {
    let predecessor: Predecessor | null = null
    try {
      const owner = await withDescriptor(() => newOwner(options.key, options.secret))
      for (let attempt = 0; attempt < 5; attempt++) {
        const file = await tryCreate(options.path, owner)
        if (file !== null) {
          const createdAt = (await file.stat()).mtimeMs - performance.now()
          return new Lock(options, { token: owner.token, file, createdAt }, predecessor)
        }
        const found = await inspect(options, owner.token)
        if (found === null) continue // released meanwhile
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

  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where the lock has been taken away meanwhile */
  async assertHeld(): Promise<void> {
    const { path } = this.#options
    let owner: Owner | null
    try {
      owner = await readOwner(path)
    } catch (error) {
      if (shortageOf(error) !== null && (await this.#hasName())) return
      throw fileError(error, path)
    }
    if (owner?.token !== this.token) throw busy(this.#options, owner)
  }

  /** `'unrecorded'`: the journal names this run still. Then the lock stays, as that of one that has ended. */
  async release(journal: 'recorded' | 'unrecorded'): Promise<void> {
    clearInterval(this.#heartbeat)
    if (journal === 'unrecorded') await this.#file.write('1', ENDED_OFFSET).catch(() => undefined)
    const hasName = await this.#hasName()
    await this.#file.close().catch(() => undefined)
    if (journal === 'unrecorded') return
    const isHeld = await readOwner(this.#options.path).then(
      (owner) => owner?.token === this.token,
      () => hasName,
    )
    if (isHeld) await rm(this.#options.path, { force: true }).catch(() => undefined)
  }

  /** Is the lock there the file that this run has open? To see that takes no descriptor. */
  async #hasName(): Promise<boolean> {
    const found = [this.#file.stat({ bigint: true }), lstat(this.#options.path, { bigint: true })]
    const [mine, named] = await Promise.all(found.map((each) => each.catch(() => null)))
    return mine != null && mine.ino === named?.ino && mine.dev === named.dev
  }

  /**
   * By the file's handle: nobody else's lock is ever touched. The time is what the file system's own clock, which has dated
   * the new lock, must say by now: another machine may look at it.
   */
  #beat(): void {
    const seconds = (this.#createdAt + performance.now()) / 1000
    this.#file
      .utimes(seconds, seconds)
      .catch(() => this.#file.write('{', 0)) // a byte that is there already
      .catch(() => undefined) // assertHeld() notices a lock that is gone
  }
}

/** `'silent'`: nothing proves that the owner is dead, but it has given no sign of life for long. */
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
 * Whether the run lives that is making the lock, which has no content yet: where there are no hard links, it has a draft
 * until the lock is whole.
 */
async function lifeOfMakers(path: string, secret: Buffer): Promise<Life> {
  const found = await temporariesIn(dirname(path), secret)
  const drafts = found.filter(({ file, stage }) => file === basename(path) && stage === 'new')
  if (drafts.length === 0) return 'unknown'
  if (drafts.some(({ token }) => lifeOfMaker(token, secret) !== 'dead')) return 'unknown'
  return (await readOwner(path)) === null ? 'dead' : 'unknown' // one that is ready has no draft any more
}

function notALock(path: string): DownloadError {
  const reason =
    'no lock of range-get. It is left as it is; delete or rename it, or give the file another name'
  return new DownloadError(
    'ERR_DOWNLOAD_UNWRITABLE',
    `cannot write ${path}: a file of that name is ${reason}`,
  )
}

function busy({ output }: LockOptions, owner: Owner | null): DownloadError {
  const who = owner === null ? 'another process' : `another process (${owner.pid})`
  return new DownloadError('ERR_DOWNLOAD_BUSY', `${who} is downloading to ${output}; wait for it or stop it`)
}
