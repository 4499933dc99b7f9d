// The names of a folder that state of downloads may have. Each file of a list asks for them.
import { StateNames } from '../state/untouched.ts'
import { namesIn } from './stale-files.ts'

/** A folder with more names is not read for each file of a list: together that takes the square of their number. */
const FEW_NAMES = 1000
/** The names of such a folder are used for this many times as long as it took to read them. */
const USE_FACTOR = 50
/** But not longer, in ms: after a minute without a heartbeat a run is taken for dead, and what it has left may appear. */
const MAX_USE_MS = 30_000

/** What is known about the names in a folder. */
export interface FoundNames {
  /** Those that state of some download may have. */
  readonly names: StateNames
  /** Was the folder read after it was asked for? If not, names that were made since are missing. */
  readonly isCurrent: boolean
}

interface Reading {
  readonly count: number
  readonly names: StateNames
}

interface Kept {
  readonly reading: Promise<Reading | null>
  /** By the clock of the process, in ms. */
  expiresAt: number
}

/** Reads folders, and keeps for a while what large ones had. */
export class FolderNames {
  readonly #read: (folder: string) => Promise<readonly string[] | null>
  readonly #now: () => number
  readonly #large = new Map<string, Kept>()

  /** @param now a clock that never goes back, in ms */
  constructor(
    read: (folder: string) => Promise<readonly string[] | null> = namesIn,
    now: () => number = () => performance.now(),
  ) {
    this.#read = read
    this.#now = now
  }

  /** Null if the folder cannot be read. */
  async of(folder: string): Promise<FoundNames | null> {
    for (;;) {
      const kept = this.#large.get(folder)
      const reading = kept === undefined ? null : await kept.reading
      if (kept !== undefined && reading !== null && this.#now() < kept.expiresAt)
        return { names: reading.names, isCurrent: false }
      if (kept === this.#large.get(folder)) return await this.#readNow(folder, kept !== undefined)
    }
  }

  async #readNow(folder: string, wasLarge: boolean): Promise<FoundNames | null> {
    const begunAt = this.#now()
    const kept: Kept = { reading: this.#stateNames(folder), expiresAt: Number.POSITIVE_INFINITY }
    // Others wait for it. Of a small folder each reads the names itself, which is less work than to look for each name.
    if (wasLarge) this.#large.set(folder, kept)
    const reading = await kept.reading
    const readAt = this.#now()
    kept.expiresAt = readAt + Math.min(MAX_USE_MS, (readAt - begunAt) * USE_FACTOR)
    for (const [other, { expiresAt }] of this.#large) if (expiresAt <= readAt) this.#large.delete(other)
    if (reading === null || reading.count <= FEW_NAMES) this.#large.delete(folder)
    else this.#large.set(folder, kept)
    return reading === null ? null : { names: reading.names, isCurrent: true }
  }

  async #stateNames(folder: string): Promise<Reading | null> {
    const names = await this.#read(folder)
    return names === null ? null : { count: names.length, names: new StateNames(names) }
  }
}

/** Of this process. */
export const folderNames: FolderNames = new FolderNames()
