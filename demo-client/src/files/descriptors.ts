// File descriptors. If none is left, an operation that needs one waits until a connection has released one.
import { closeSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import * as os from 'node:os' // an old Node.js, which has no devNull, must be able to read this: see load-modules.ts
import { setTimeout as sleep } from 'node:timers/promises'
import { isError } from '../is-error.ts'
import { type Shortage, shortageOf } from '../system-shortage.ts'

/** Releases a descriptor that is not needed. Returns whether there was one. */
export type Release = () => boolean

/** `'idle'`: connections that no request uses. `'working'`: all connections of a download except one. */
export type SpareKind = 'idle' | 'working'

/** How often to try, with a pause in between: other code in this process may release descriptors, too. */
const MAX_ATTEMPTS = 50
const PAUSE_MS = 20
/** A lookup of a host name needs this many at once. */
const LOOKUP_DESCRIPTORS = 3

// Descriptors belong to the process: one download may have to release what another one needs.
const releases: Readonly<Record<SpareKind, Set<Release>>> = { idle: new Set(), working: new Set() }

/** Calls `release` when descriptors run out. Returns a function that ends this. */
export function registerSpare(what: SpareKind, release: Release): () => void {
  releases[what].add(release)
  return () => void releases[what].delete(release)
}

/** Releases one descriptor. False if none can be released. */
export function releaseSpare(most: SpareKind): boolean {
  const asked = most === 'idle' ? [...releases.idle] : [...releases.idle, ...releases.working]
  return asked.some((release) => release())
}

/**
 * Opens something. If no descriptor is left, connections are closed, down to one of each download, and `opening` is tried
 * again for a second.
 * @throws what `opening` throws; in the end also a shortage
 */
export async function withDescriptor<T>(opening: () => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await opening()
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || shortageOf(error) === null) throw error
      releaseSpare('working')
      await sleep(PAUSE_MS)
    }
  }
}

/** `open()` of `node:fs/promises`, {@link withDescriptor}. */
export async function openFile(path: string, flags: string | number, mode?: number): Promise<FileHandle> {
  return await withDescriptor(() => open(path, flags, mode))
}

/**
 * The error of the system if descriptors have run out, or null. Some calls do not report it: a resolver without descriptors
 * says that a host name is unknown.
 */
export function shortOfDescriptors(): Error | null {
  const opened: number[] = []
  try {
    while (opened.length < LOOKUP_DESCRIPTORS) opened.push(openSync(os.devNull, 'r'))
    return null
  } catch (error) {
    return isError(error) && shortageOf(error) !== null ? error : null
  } finally {
    for (const each of opened) closeSync(each)
  }
}

/** What to do about a shortage, with the limit if it can be read. Reading it needs a descriptor. */
export function adviceOn({ code, advice }: Shortage): string {
  const most = code === 'EMFILE' ? mostDescriptors() : null
  return most === null ? advice : `${advice}; the limit is ${most}`
}

function mostDescriptors(): string | null {
  try {
    return /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? null
  } catch {
    return null
  }
}
