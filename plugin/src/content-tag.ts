import { createHash } from 'node:crypto'
import { representationChanged } from './errors.ts'
import type { OpenFile } from './open-file.ts'

const CHUNK_BYTES = 256 * 1024
const MAX_REMEMBERED = 4096

/**
 * Entity-tags from what a file contains, equal on every machine that holds the same bytes. Each version of a file is
 * read once; requests that come while it is being read share the result.
 */
export class ContentTags {
  readonly #tags = new Map<string, Promise<string | undefined>>()

  /**
   * The opaque tag of an open file; undefined when the file grows while it is read: it may go on growing, so it is
   * not read for a tag again. Throws `ERR_RANGE_CHANGED` when it changes in another way.
   */
  of(file: OpenFile): Promise<string | undefined> {
    // A version that could still change unseen is not worth remembering.
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
  if (await file.hasGrown()) return undefined
  if (!(await file.isUnchanged())) throw representationChanged()
  return hash.digest('base64url')
}
