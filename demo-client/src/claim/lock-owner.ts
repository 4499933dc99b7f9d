// The owner of a lock: which process on which machine, and whether it is alive. Functions that read /proc throw a
// DownloadError `ERR_DOWNLOAD_RESOURCES` if no descriptor is left.
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode, unlessShort } from '../errors.ts'
import { lazy } from '../lazy.ts'
import { makeToken, type Process, readToken, shortDigest } from '../state/run-token.ts'

/** The owner of a lock. */
export interface Owner extends Process {
  /** 1 after its last write, if the disk was too full for a journal that says so. */
  readonly ended?: number
  readonly token: string
  /** The hash of the download's key. Locks of other programs have none. */
  readonly key?: string
}

/** Whether a process is alive. `'unknown'`: this machine cannot know. */
export type Life = 'alive' | 'dead' | 'unknown'

/** This process as an owner, with a new token. `key` is a hash, since others can read it. */
export function newOwner(key: string, secret: Buffer): Owner {
  const self = currentProcess()
  return { ended: 0, token: makeToken(self, secret), ...self, key }
}

/** A token of this process, for a file that needs no lock. `key`: see {@link makeToken}. */
export function ownToken(key: Buffer): string {
  return makeToken(currentProcess(), key)
}

/** Has this process made the token? Others cannot, as far as they do not have the key. */
export function isOwnToken(token: string, key: Buffer): boolean {
  const maker = readToken(token, key)
  const { pid, started, place } = currentProcess()
  return (
    maker?.pid === pid && maker.place === shortDigest(place) && maker.started === shortDigest(started ?? '')
  )
}

/** Is the process that made the token alive? Null if no run with this key made it. */
export function lifeOfMaker(token: string, key: Buffer): Life | null {
  const maker = readToken(token, key)
  if (maker === null) return null
  if (maker.place !== shortDigest(place())) return 'unknown'
  if (!isRunning(maker.pid)) return 'dead'
  const status = processStatus(maker.pid)
  if (status === null) return 'unknown'
  return hasEnded(status) || shortDigest(status.started) !== maker.started ? 'dead' : 'alive'
}

/** Is the owner alive? */
export function lifeOf(owner: Owner): Life {
  if (owner.ended === 1) return 'dead'
  const here = place()
  if (owner.place !== here) {
    // The same boot and pid namespace under another host name: the machine was renamed, or the owner has its own name.
    const isNear = here.includes('pid:') && afterHost(owner.place) === afterHost(here)
    return isNear && isSameProcess(owner) ? 'alive' : 'unknown'
  }
  if (!isRunning(owner.pid)) return 'dead'
  const status = processStatus(owner.pid)
  if (status === null || owner.started === null) return 'unknown'
  return hasEnded(status) || status.started !== owner.started ? 'dead' : 'alive'
}

/** What does not change while this process runs. With many files it is needed often. */
const currentProcess = lazy((): Process => {
  return { pid: process.pid, started: processStatus(process.pid)?.started ?? null, place: place() }
})

/** A zombie ('Z') has ended and waits for its parent to notice. 'X' is a process that is ending. */
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
    Number(value.pid) > 0 &&
    'started' in value &&
    (value.started === null || typeof value.started === 'string') &&
    'place' in value &&
    typeof value.place === 'string'
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

/** State and start time of a process from /proc; null if they cannot be read. */
function processStatus(pid: number): Status | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may contain anything. The state is the first field after it, the start time the 20th.
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
