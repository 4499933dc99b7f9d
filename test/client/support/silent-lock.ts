import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'

/**
 * Longer than a lock may be without a heartbeat, and shorter than the system has been running: a lock that is older than
 * the system's start is certainly of a dead owner.
 */
const SILENCE_MS = 80_000

/** Makes the owner of the lock at `path` look silent: its last heartbeat is 80 seconds ago. */
export function silenceOwner(path: string): void {
  const old = new Date(Date.now() - SILENCE_MS)
  utimesSync(path, old, old)
}

/** Makes the lock at `path` look like that of another machine, with an owner that is silent. */
export function makeForeign(path: string): void {
  const owner = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...owner, place: 'elsewhere boot ns' }))
  silenceOwner(path)
}

/** Replaces the lock at `path` by a new file that looks like the lock of another machine, with an owner that is silent. */
export function replaceByForeign(path: string): void {
  const text = readFileSync(path)
  rmSync(path)
  writeFileSync(path, text)
  makeForeign(path)
}
