import { createHash } from 'node:crypto'
import { representationChanged } from '../errors.ts'
import type { OpenFile } from './open-file.ts'

const CHUNK_BYTES = 256 * 1024
const MAX_REMEMBERED = 4096
/** A file that was shorter within this time, in ms, counts as growing. */
const GROWING_MS = 10_000

interface SeenSize {
  readonly size: bigint
  /** Ms since some moment, by a clock that only goes forward. */
  readonly at: number
}

/** Recent sizes of files. */
class RecentSizes {
  readonly #seen = new Map<string, SeenSize>()

  /** Notes the size of a file. True if the file was shorter a short time ago. */
  isGrowth({ dev, ino, size }: OpenFile['version']): boolean {
    const key = `${dev}:${ino}`
    const before = this.#seen.get(key)
    const at = performance.now()
    this.#seen.delete(key)
    this.#seen.set(key, { size, at })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > MAX_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest)
    return before !== undefined && size > before.size && at - before.at < GROWING_MS
  }
}

/**
 * Entity-tags from the content of a file, equal on every machine that has the same bytes. Each version of a file is read
 * once. Requests that arrive while it is being read share the result.
 */
export class ContentTags {
  readonly #tags = new Map<string, Promise<string | undefined>>()
  readonly #sizes = new RecentSizes()

  /**
   * The opaque tag of an open file; undefined if the file grows, between two requests or while it is read. It may go on
   * growing, so it is not read for a tag again and again. Throws `ERR_RANGE_CHANGED` if it changes in another way.
   */
  of(file: OpenFile): Promise<string | undefined> {
    if (this.#sizes.isGrowth(file.version)) return Promise.resolve(undefined)
    // A version that could still change unnoticed is not remembered.
    if (!file.settled) return digest(file)
    const key = file.versionKey
    const known = this.#tags.get(key)
    if (known !== undefined) return known
    const tag = digest(file)
    this.#remember(key, tag)
    return tag
  }

  #remember(key: string, tag: Promise<string | undefined>): void {
    this.#tags.set(key, tag)
    const forget = (): boolean => this.#tags.delete(key)
    tag.then((known) => known ?? forget(), forget)
    const [oldest] = this.#tags.keys()
    if (this.#tags.size > MAX_REMEMBERED && oldest !== undefined) this.#tags.delete(oldest)
  }
}

async function digest(file: OpenFile): Promise<string | undefined> {
  const hash = createHash('sha256')
  const size = Number(file.version.size)
  const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES))
  for (let position = 0; position < size; ) {
    const target = buffer.subarray(0, Math.min(buffer.length, size - position))
    const bytesRead = await file.readAt(target, position)
    if (bytesRead === 0) throw representationChanged()
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  // It may also grow between two checks.
  if (await file.hasGrown()) return undefined
  if (await file.isUnchanged()) return hash.digest('base64url')
  if (await file.hasGrown()) return undefined
  throw representationChanged()
}
