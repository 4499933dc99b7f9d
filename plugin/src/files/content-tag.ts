import { representationChanged } from '../errors.ts'
import { ContentHash } from './content-hash.ts'
import type { OpenFile } from './open-file.ts'
import { RecentSizes } from './recent-sizes.ts'

const MAX_REMEMBERED = 4096

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
  const hash = new ContentHash('sha256')
  await hash.readOn(file, { urgency: 'awaited' })
  // It may also grow between two checks.
  if (await file.hasGrown()) return undefined
  if (await file.isUnchanged()) return hash.digest('base64url')
  if (await file.hasGrown()) return undefined
  throw representationChanged()
}
