// File descriptors: what needs one, where none is left, waits until a connection has given one back.
import { closeSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { devNull } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Shortage, shortageOf } from '../shortage.ts'

/** Gives back a descriptor that can be spared. Returns whether there was one. */
export type Release = () => boolean

/** `'idle'`: connections that no request uses. `'working'`: all but one of a download, which then has fewer. */
export type SpareKind = 'idle' | 'working'

/** How often it is tried, and how long is waited in between, in ms: others in this process may give some back, too. */
const MAX_ATTEMPTS = 50
const PAUSE_MS = 20
/** A look-up of a host name needs a few at once. */
const LOOKUP_DESCRIPTORS = 3

// Descriptors are the process's: one download may have to spare what another one needs.
const releases: Readonly<Record<SpareKind, Set<Release>>> = { idle: new Set(), working: new Set() }

/** Has `release` asked where descriptors run out. Returns what ends that. */
export function registerSpare(what: SpareKind, release: Release): () => void {
  releases[what].add(release)
  return () => void releases[what].delete(release)
}

/** Has a descriptor given back. False where none can be spared. */
export function releaseSpare(most: SpareKind): boolean {
  const asked = most === 'idle' ? [...releases.idle] : [...releases.idle, ...releases.working]
  return asked.some((release) => release())
}

/**
 * Opens something. Where nothing is left to do that with, connections are given up, down to one of each download, and it
 * is tried again for a second.
 * @throws what `opening` throws, at the end also for a shortage
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
 * The error of the system where descriptors have run out, or null. Some calls that need a few do not tell: a resolver says
 * that a host name is not known.
 */
export function shortOfDescriptors(): Error | null {
  const opened: number[] = []
  try {
    while (opened.length < LOOKUP_DESCRIPTORS) opened.push(openSync(devNull, 'r'))
    return null
  } catch (error) {
    return error instanceof Error && shortageOf(error) !== null ? error : null
  } finally {
    for (const each of opened) closeSync(each)
  }
}

/** What to do about a shortage, with the limit where it can be read: that takes a descriptor. */
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
