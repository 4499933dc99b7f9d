// NAME.part.lock: one process at a time on one output. A dead owner, a zombie too, does not hold it.
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { DownloadError, fileError, systemCode } from './errors.ts'
import { isOwner, lifeOf, type Owner, thisProcess } from './owner.ts'

/** Where a file system has no hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(
  'EPERM EACCES EISDIR EINVAL EMLINK ENOTSUP EOPNOTSUPP ENOSYS'.split(' '),
)
const HEARTBEAT = 10_000
/** Without a sign of life for this long, in ms, an owner on another machine counts as dead. */
const SILENCE = 60_000

/** A held lock. Release it. */
export class Lock {
  readonly #path: string
  readonly #token: string
  readonly #heartbeat: NodeJS.Timeout

  private constructor(path: string, token: string) {
    this.#path = path
    this.#token = token
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT)
    this.#heartbeat.unref()
  }

  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where a living process holds it */
  static async acquire(path: string): Promise<Lock> {
    const owner = thisProcess()
    try {
      for (let attempt = 0; attempt < 5; attempt++) {
        if (await tryCreate(path, owner)) return new Lock(path, owner.token)
        await clearIfDead(path)
      }
    } catch (error) {
      throw fileError(error, path)
    }
    throw busy(path, null)
  }

  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where the lock has been taken away meanwhile */
  async assertHeld(): Promise<void> {
    const owner = await readOwner(this.#path)
    if (owner?.token !== this.#token) throw busy(this.#path, owner)
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    const owner = await readOwner(this.#path).catch(() => null)
    if (owner?.token === this.#token) await rm(this.#path, { force: true }).catch(() => undefined)
  }

  #beat(): void {
    const now = new Date()
    utimes(this.#path, now, now).catch(() => undefined) // assertHeld() notices a lock that is gone
  }
}

/** Creates the lock with its content in one step, so that nobody ever reads half of it. */
async function tryCreate(path: string, owner: Owner): Promise<boolean> {
  const draft = `${path}.${owner.token}`
  try {
    await writeFile(draft, JSON.stringify(owner), { flag: 'wx' })
    await link(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    // A file system without hard links: O_EXCL alone has to do.
    if (!NO_LINKS.has(systemCode(error) ?? '')) throw error
    return await createExclusively(path, owner)
  } finally {
    await rm(draft, { force: true }).catch(() => undefined)
  }
}

async function createExclusively(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

async function readOwner(path: string): Promise<Owner | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isOwner(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Removes a lock whose owner is dead. Throws `ERR_DOWNLOAD_BUSY` where it lives. */
async function clearIfDead(path: string): Promise<void> {
  const owner = await readOwner(path)
  const life = owner === null ? 'unknown' : lifeOf(owner)
  if (life === 'alive' || (life === 'unknown' && !(await isSilent(path)))) throw busy(path, owner)
  const grave = `${path}.${randomUUID()}`
  try {
    await rename(path, grave)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return // somebody else has cleared it
    throw error
  }
  // Between the look and the rename a newcomer may have cleared it and taken the lock: give it back then.
  const buried = await readOwner(grave)
  if (buried !== null && buried.token !== owner?.token) await link(grave, path).catch(() => undefined)
  await rm(grave, { force: true })
}

/** Has the lock's heartbeat stopped? Measured with the file system's own clock. */
async function isSilent(path: string): Promise<boolean> {
  const probe = `${path}.${randomUUID()}`
  try {
    await writeFile(probe, '', { flag: 'wx' })
    const [now, then] = await Promise.all([stat(probe), stat(path)])
    return Math.abs(now.mtimeMs - then.mtimeMs) > SILENCE
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true
    throw error
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

function busy(path: string, owner: Owner | null): DownloadError {
  const output = path.replace(/\.part\.lock$/, '')
  const who = owner === null ? 'another process' : `another process (${owner.pid})`
  return new DownloadError('ERR_DOWNLOAD_BUSY', `${who} is downloading to ${output}; wait for it or stop it`)
}
