// Writes that bypass the system's page cache while bytes come fast.
import { constants } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { isPaged, PAGE_BYTES } from './buffers.ts'

/**
 * File systems on which databases use such writes every day, by the number that statfs(2) gives: ext2 to ext4, and XFS.
 * Others treat O_DIRECT as a hint, are slow with it, or refuse it.
 */
const DIRECT_FILE_SYSTEMS: ReadonlySet<number> = new Set([0xef53, 0x58465342])

/** Smaller writes go through the page cache, which joins them. */
const MIN_WRITE_BYTES = 256 * 1024

/** From this rate on, a download waits for the copy into the page cache. It is more than a gigabit line. */
const FAST = { bytes: 13 * 1024 * 1024, ms: 100 }

/** A clock that counts milliseconds from any point in time. `performance` is one. */
export interface Clock {
  now(): number
}

/** Measures whether the bytes of a download come fast. */
class RateMeter {
  readonly #clock: Clock
  #since = Number.NEGATIVE_INFINITY
  #bytes = 0
  #isFast = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(bytes: number): boolean {
    const now = this.#clock.now()
    const elapsed = now - this.#since
    if (elapsed >= FAST.ms) {
      this.#isFast = this.#bytes / elapsed >= FAST.bytes / FAST.ms
      this.#since = now
      this.#bytes = 0
    }
    this.#bytes += bytes
    this.#isFast ||= this.#bytes >= FAST.bytes
    return this.#isFast
  }
}

/**
 * A second way to write to an open file. Through the page cache, bytes are copied once more, into memory that the system
 * must find first and write out soon after. This is much of the work of a fast download. Slower downloads use the cache, so
 * that the next reader finds the bytes there.
 */
export class DirectWrites {
  readonly #file: FileHandle
  readonly #rate: RateMeter
  #handle: Promise<FileHandle | null> | null = null
  #isRefused = false

  /** The caller closes `file`, after it has closed this. */
  constructor(file: FileHandle, clock: Clock = performance) {
    this.#file = file
    this.#rate = new RateMeter(clock)
  }

  /**
   * Writes all of `bytes` at `position` and returns true. If it returns false, the caller writes them the usual way.
   * @throws the system's error
   */
  async write(bytes: Buffer, position: number): Promise<boolean> {
    const isFast = this.#rate.note(bytes.length)
    if (!isFast || this.#isRefused || !isWholePages(bytes, position)) return false
    this.#handle ??= openDirect(this.#file)
    const handle = await this.#handle
    if (handle === null) return false
    try {
      const { bytesWritten } = await handle.write(bytes, 0, bytes.length, position)
      return bytesWritten === bytes.length // after a short write the usual way reports the reason
    } catch (error) {
      if (systemCode(error) !== 'EINVAL') throw error
      this.#isRefused = true // this disk needs larger pages, or other memory
      return false
    }
  }

  async close(): Promise<void> {
    await (await this.#handle)?.close()
  }
}

function isWholePages(bytes: Buffer, position: number): boolean {
  const { length } = bytes
  return (
    length >= MIN_WRITE_BYTES && length % PAGE_BYTES === 0 && position % PAGE_BYTES === 0 && isPaged(bytes)
  )
}

/** Opens the same file again, by its descriptor, since its name may be that of another file by now. Null if that fails. */
async function openDirect(file: FileHandle): Promise<FileHandle | null> {
  if (constants.O_DIRECT === undefined) return null
  const path = `/proc/self/fd/${file.fd}`
  try {
    if (!DIRECT_FILE_SYSTEMS.has((await statfs(path)).type)) return null
    return await open(path, constants.O_WRONLY | constants.O_DIRECT)
  } catch {
    return null
  }
}
