// Who holds a lock: which process of which machine, and whether it lives. Each function that asks /proc throws a
// DownloadError `ERR_DOWNLOAD_RESOURCES` where there is no descriptor for that.
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode, unlessShort } from '../errors.ts'
import { makeToken, type Process, readToken, shortDigest } from '../state/run-token.ts'

/** Who holds a lock. */
export interface Owner extends Process {
  /** 1 once it writes no more, where the disk has no room for a journal that says so. */
  readonly ended?: number
  readonly token: string
  /** Which download it is: the hash of its key. Locks of other programs have none. */
  readonly key?: string
}

/** Does a process live? `'unknown'` where nothing on this machine tells. */
export type Life = 'alive' | 'dead' | 'unknown'

/** This process, with a token of its own for each lock. `key` is a hash: others can read it. */
export function newOwner(key: string, secret: Buffer): Owner {
  const self = currentProcess()
  return { ended: 0, token: makeToken(self, secret), ...self, key }
}

/** A token of this process, for a file that needs no lock. `key` as for {@link makeToken}. */
export function ownToken(key: Buffer): string {
  return makeToken(currentProcess(), key)
}

/** Does the process live that made the token? Null where no run with this key has made it. */
export function lifeOfMaker(token: string, key: Buffer): Life | null {
  const maker = readToken(token, key)
  if (maker === null) return null
  if (maker.place !== shortDigest(place())) return 'unknown'
  if (!isRunning(maker.pid)) return 'dead'
  const status = processStatus(maker.pid)
  if (status === null) return 'unknown'
  return hasEnded(status) || shortDigest(status.started) !== maker.started ? 'dead' : 'alive'
}

/** Does the owner live? */
export function lifeOf(owner: Owner): Life {
  if (owner.ended === 1) return 'dead'
  const here = place()
  if (owner.place !== here) {
    // Another host name in the same boot and pid namespace: the machine was renamed since, or the owner has its own.
    const isNear = here.includes('pid:') && afterHost(owner.place) === afterHost(here)
    return isNear && isSameProcess(owner) ? 'alive' : 'unknown'
  }
  if (!isRunning(owner.pid)) return 'dead'
  const status = processStatus(owner.pid)
  if (status === null || owner.started === null) return 'unknown'
  return hasEnded(status) || status.started !== owner.started ? 'dead' : 'alive'
}

function currentProcess(): Process {
  return { pid: process.pid, started: processStatus(process.pid)?.started ?? null, place: place() }
}

/** A zombie has ended; it only waits for its parent to notice. 'X' is a process on its way out. */
function hasEnded({ state }: Status): boolean {
  return state === 'Z' || state === 'X'
}

function afterHost(place: string): string {
  return place.slice(place.indexOf(' '))
}

function isSameProcess({ pid, started }: Owner): boolean {
  const status = processStatus(pid)
  return status !== null && !hasEnded(status) && status.started === started
}

/** Has `value`, read from a lock, the shape of an {@link Owner}? */
export function isOwner(value: unknown): value is Owner {
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

function place(): string {
  const read = (get: () => string): string => {
    try {
      return get().trim()
    } catch (error) {
      return unlessShort('', '/proc')(error) // no /proc: not Linux
    }
  }
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'))
  return [hostname(), boot, namespace].join(' ')
}

interface Status {
  readonly state: string
  readonly started: string
}

/** State and start time of a process from /proc; null where /proc does not tell. */
function processStatus(pid: number): Status | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the state is the first field after it, the start the 20th.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch (error) {
    return unlessShort(null, '/proc')(error)
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
