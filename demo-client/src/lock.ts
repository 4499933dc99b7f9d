// NAME.part.lock: one process at a time on one output. A dead owner, a zombie too, does not hold it.
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { DownloadError, fileError, systemCode } from './errors.ts'

/** Who holds a lock. */
interface Owner {
  readonly token: string
  readonly pid: number
  /** When the process started, in the kernel's ticks; a number used again for another process differs here. */
  readonly started: string | null
  /** Machine, boot and pid namespace: only within one of these does the pid mean anything. */
  readonly place: string
}

const HEARTBEAT = 10_000
/** Without a sign of life for this long, in ms, an owner on another machine counts as dead. */
const SILENCE = 60_000

function place(): string {
  const read = (get: () => string): string => {
    try {
      return get().trim()
    } catch {
      return '' // no /proc: not Linux
    }
  }
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'))
  return [hostname(), boot, namespace].join(' ')
}

/** State and start time of a process from /proc; null where /proc does not tell. */
function processStatus(pid: number): { state: string; started: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the state is the first field after it, the start the 20th.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return null
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

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
    const owner: Owner = {
      token: randomUUID(),
      pid: process.pid,
      started: processStatus(process.pid)?.started ?? null,
      place: place(),
    }
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
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error) ?? '')) throw error
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

function isOwner(value: unknown): value is Owner {
  return (
    typeof value === 'object' &&
    value !== null &&
    'token' in value &&
    typeof value.token === 'string' &&
    'pid' in value &&
    Number.isSafeInteger(value.pid) &&
    'started' in value &&
    'place' in value
  )
}

/** Removes a lock whose owner is dead. Throws `ERR_DOWNLOAD_BUSY` where it lives. */
async function clearIfDead(path: string): Promise<void> {
  const owner = await readOwner(path)
  if (await isAlive(path, owner)) throw busy(path, owner)
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

async function isAlive(path: string, owner: Owner | null): Promise<boolean> {
  if (owner !== null && owner.place === place()) {
    if (!isRunning(owner.pid)) return false
    const status = processStatus(owner.pid)
    if (status === null || owner.started === null) return !(await isSilent(path))
    // A zombie has ended; it only waits for its parent to notice. 'X' is a process on its way out.
    return status.state !== 'Z' && status.state !== 'X' && status.started === owner.started
  }
  return !(await isSilent(path))
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
