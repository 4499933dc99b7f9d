import { setImmediate as endOfTurn } from 'node:timers/promises'
import { SendRangeError } from '../errors.ts'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import type { DescriptorBudget, KeptDescriptor } from './descriptor-budget.ts'
import { sameVersion } from './file-version.ts'
import { refreshMounts } from './local-file-systems.ts'
import { closesUnderWay, type OpenFile } from './open-file.ts'
import { type FileLocation, isCurrent, openFile } from './open-regular-file.ts'
import { freshRun, SharedRuns } from './shared-run.ts'

/** Looks at kept files in one turn of the event loop, so that no answer waits for many of them. */
const LOOKS_PER_TURN = 16

interface Entry extends KeptDescriptor {
  readonly file: OpenFile
  /** Checks whether the path still leads to the file, in a check that begins after the call. */
  readonly isCurrent: () => Promise<boolean>
  /** By `performance.now()`. */
  lastUsed: number
}

/** The limits of an {@link OpenFileCache}. */
export interface OpenFileCacheOptions {
  /** The maximum number of descriptors that are kept open. 0: none. */
  readonly maxFiles: number
  /** How long after its last use a descriptor is kept open at most, in ms. */
  readonly idleMs: number
  /**
   * How often it is looked whether the file of a descriptor without use still has its path and its version, in ms. It is
   * closed if not, which frees the space of a deleted file, and if that cannot be said without waiting.
   */
  readonly lookMs: number
  /** Limits the descriptors that this cache and others keep together. */
  readonly budget: DescriptorBudget
}

/**
 * Keeps recently served files open. A file from here is never staler than a fresh open: every request re-checks the
 * path, in a check that starts after the request arrived; requests that arrive together share it. Descriptor and
 * version are kept together or not at all.
 */
export class OpenFileCache {
  // A Map keeps insertion order: the first entry is the least recently used.
  readonly #entries = new Map<string, Entry>()
  readonly #options: OpenFileCacheOptions
  /** The running opens, by the same keys. */
  readonly #opening = new SharedRuns<OpenFile | Refusal>()
  #sweeper: NodeJS.Timeout | undefined
  #isSweeping = false

  constructor(options: OpenFileCacheOptions) {
    this.#options = options
  }

  /** Opens a file, or takes it from the cache. The caller releases it. Throws as {@link openFile} does. */
  async open(location: FileLocation): Promise<OpenFile | Refusal> {
    const key = `${location.root}\0${location.path}`
    for (let entry = this.#entries.get(key); entry !== undefined; entry = this.#entries.get(key)) {
      if ((await entry.isCurrent()) && entry.file.retain()) {
        this.#touch(key, entry)
        return entry.file
      }
      this.#drop(key, entry)
    }
    const file = await this.#openShared(key, location)
    if (!isRefusal(file) && file.settled && this.#options.maxFiles > 0) this.#keep(key, location, file)
    return file
  }

  /** Closes every descriptor that no response uses. The others are closed with their last response. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry)
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /** Requests that arrive together share one open, which begins after the last of them has arrived. */
  async #openShared(key: string, location: FileLocation): Promise<OpenFile | Refusal> {
    const file = await this.#opening.run(key, async () => {
      const opened = await this.#openAgain(location)
      // By then each caller has retained the file.
      if (!isRefusal(opened)) setImmediate(() => opened.release())
      return opened
    })
    if (isRefusal(file)) return file
    return file.retain() ? file : 'replaced'
  }

  /** If there are no free descriptors, those that no answer uses are closed, of every cache. */
  async #openAgain(location: FileLocation): Promise<OpenFile | Refusal> {
    try {
      return await openFile(location)
    } catch (error) {
      if (!(error instanceof SendRangeError) || error.code !== 'ERR_RANGE_OVERLOADED') throw error
      // Also if this cache keeps none: another request that failed at the same time may have closed them.
      this.#options.budget.giveUpAll()
      await closesUnderWay()
      return openFile(location)
    }
  }

  #keep(key: string, location: FileLocation, file: OpenFile): void {
    const previous = this.#entries.get(key)
    // Requests that arrived together may have opened it several times. The first stays, so that they do not replace each other's.
    if (previous !== undefined && sameVersion(previous.file.version, file.version)) return
    if (previous !== undefined) this.#drop(key, previous)
    if (!file.retain()) return
    const look = freshRun(() => isCurrent(file, location))
    const giveUp = (): void => this.#drop(key, entry)
    const entry: Entry = { file, isCurrent: look, lastUsed: performance.now(), giveUp }
    this.#entries.set(key, entry)
    const oldest = this.#entries.entries().next().value
    if (this.#entries.size > this.#options.maxFiles && oldest !== undefined) this.#drop(...oldest)
    this.#options.budget.used(entry)
    this.#sweeper ??= setInterval(() => void this.#sweep(), this.#options.lookMs).unref()
  }

  #touch(key: string, entry: Entry): void {
    entry.lastUsed = performance.now()
    if (this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#options.budget.used(entry)
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    this.#options.budget.forget(entry)
    entry.file.release()
  }

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    // A look at a file needs a list of mounts that is newer than its open.
    await refreshMounts()
    let looks = 0
    for (const [key, entry] of this.#entries) {
      // The entries after this one were used later.
      if (!this.#isIdle(entry, this.#options.lookMs)) break
      if (this.#isIdle(entry, this.#options.idleMs) || !entry.file.hasItsPath()) this.#drop(key, entry)
      if (++looks % LOOKS_PER_TURN === 0) await endOfTurn()
    }
    if (this.#entries.size === 0) this.clear()
    this.#isSweeping = false
  }

  #isIdle({ lastUsed }: Entry, ms: number): boolean {
    return performance.now() - lastUsed >= ms
  }
}
