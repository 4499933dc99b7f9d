import { createHash } from 'node:crypto'
import { throughBulkGate } from './bulk-gate.ts'
import { representationChanged } from './errors.ts'
import type { FileVersion } from './file-version.ts'
import type { OpenFile } from './open-file.ts'

const CHUNK_BYTES = 256 * 1024
const MAX_REMEMBERED = 4096

/**
 * Entity-tags from what a file contains, equal on every machine that holds the same bytes. Each version of a file is
 * read once; requests that come while it is being read share the result.
 */
export class ContentTags {
  readonly #tags = new Map<string, Promise<string>>()

  /** The opaque tag of an open file. Throws `ERR_RANGE_CHANGED` when the file changes while it is read. */
  of(file: OpenFile): Promise<string> {
    // A version that could still change unseen is not worth remembering.
    if (!file.settled) return digest(file)
    const key = file.versionTag
    const known = this.#tags.get(key)
    if (known !== undefined) return known
    const tag = digest(file)
    this.#remember(key, tag)
    return tag
  }

  #remember(key: string, tag: Promise<string>): void {
    this.#tags.set(key, tag)
    tag.catch(() => this.#tags.delete(key))
    const [oldest] = this.#tags.keys()
    if (this.#tags.size > MAX_REMEMBERED && oldest !== undefined) this.#tags.delete(oldest)
  }
}

async function digest(file: OpenFile): Promise<string> {
  const hash = createHash('sha256')
  const size = Number(file.version.size)
  const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES))
  for (let position = 0; position < size; ) {
    const target = buffer.subarray(0, Math.min(buffer.length, size - position))
    const from = position
    const bytesRead = await throughBulkGate(() => file.readAt(target, from))
    if (bytesRead === 0) throw representationChanged()
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  if (!(await isUnchanged(file, file.version))) throw representationChanged()
  return hash.digest('base64url')
}

async function isUnchanged(file: OpenFile, version: FileVersion): Promise<boolean> {
  const now = await file.currentVersion()
  return now.ctimeNs === version.ctimeNs && now.mtimeNs === version.mtimeNs && now.size === version.size
}
