// Who holds a lock: which process of which machine, and whether it lives.
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from './errors.ts'

/** Who holds a lock. */
export interface Owner {
  /** 1 once it writes no more, where the disk has no room for a journal that says so. */
  readonly ended?: number
  readonly token: string
  readonly pid: number
  /** When the process started, in the kernel's ticks; a number used again for another process differs here. */
  readonly started: string | null
  /** Machine, boot and pid namespace: only within one of these does the pid mean anything. */
  readonly place: string
  /** Which download it is: the hash of its key. Locks of other programs have none. */
  readonly key?: string
}

/** This process, with a token of its own for each lock. `key` is a hash: others can read it. */
export function thisProcess(key: string): Owner {
  const started = processStatus(process.pid)?.started ?? null
  return { ended: 0, token: randomUUID(), pid: process.pid, started, place: place(), key }
}

/** Does the owner live? `'unknown'` where nothing on this machine tells. */
export function lifeOf(owner: Owner): 'alive' | 'dead' | 'unknown' {
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
  // A zombie has ended; it only waits for its parent to notice. 'X' is a process on its way out.
  const hasEnded = status.state === 'Z' || status.state === 'X'
  return hasEnded || status.started !== owner.started ? 'dead' : 'alive'
}

function afterHost(place: string): string {
  return place.slice(place.indexOf(' '))
}

function isSameProcess({ pid, started }: Owner): boolean {
  const status = processStatus(pid)
  return status !== null && status.state !== 'Z' && status.started === started
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
