// The records that `--update` keeps about the file of one download.
import { basename, dirname, join } from 'node:path'
import { readSecret } from '../claim/journal-key.ts'
import { type FoundRecord, loadRecord, markIfRecorded } from '../claim/update-record-file.ts'
import { unlessShort } from '../errors.ts'
import { entryAt } from '../files/path-entry.ts'
import { sealedKey } from '../state/journal-format.ts'
import { pathForKey, recordPath } from '../state/state-paths.ts'
import type { FileMark, UpdateRecord } from '../state/update-record.ts'
import type { Store } from './store.ts'

/** The download that the records are of. */
export interface RecordOwner {
  /** The path of the file, as far as it is known. */
  readonly path: string
  /** See `StoreOptions`. */
  readonly key: string
  readonly signal: AbortSignal | null
}

/** A record, and the file that it is about. */
export interface RecordedFile {
  readonly path: string
  /** Where a symbolic link at `path` leads. */
  readonly target: string
  readonly record: UpdateRecord
  readonly mark: FileMark
}

/** What is recorded about a new file. */
export type Facts = Omit<UpdateRecord, 'name' | 'key'>

/**
 * Finds and keeps records. A record has the name of its file. If the server names the file, its name is not known beforehand, so
 * the record has a name made from the URL.
 */
export class UpdateRecords {
  readonly #owner: RecordOwner
  readonly #byUrl: string
  #secret: Promise<Buffer> | null = null

  constructor(owner: RecordOwner) {
    this.#owner = owner
    this.#byUrl = recordPath(pathForKey(owner.path, owner.key))
  }

  /** The record of a file that still has the recorded content, or null. @param path of the file, if it is known */
  async find(path: string | null): Promise<RecordedFile | null> {
    for (const at of new Set([recordPath(path ?? this.#owner.path), this.#byUrl])) {
      const found = await loadRecord(at, await this.#readSecret())
      if (found.kind !== 'proven') continue
      const file = await this.#fileOf(found)
      if (file !== null && (path === null || path === file.path)) return file
    }
    return null
  }

  /**
   * Keeps a record about the file, or removes one that is about its older content.
   * @param named the path that the server chose; null: that of the owner
   * @returns whether the next run can use it; false also after a stop: the file has its name already
   */
  async save(store: Pick<Store, 'saveRecord'>, named: string | null, facts: Facts | null): Promise<boolean> {
    const secret = await this.#readSecret().catch(() => null)
    if (secret === null) return false
    const path = named ?? this.#owner.path
    // Another name than that of the URL came from the server, and the next run does not know it.
    const at = path === this.#owner.path ? recordPath(path) : this.#byUrl
    const name = basename(path)
    const key = sealedKey(this.#owner.key, secret)
    return await store.saveRecord(at, facts === null ? null : { ...facts, name, key })
  }

  async #fileOf(found: FoundRecord): Promise<RecordedFile | null> {
    const { record } = found
    if (record.key !== sealedKey(this.#owner.key, await this.#readSecret())) return null
    const path = join(dirname(this.#owner.path), basename(record.name))
    // Where a symbolic link leads is what a new version replaces.
    const place = await entryAt(path).catch(unlessShort(null, path))
    if (place?.kind !== 'file') return null
    const mark = await markIfRecorded(place.path, found, this.#owner.signal)
    return mark === null ? null : { path, target: place.path, record, mark }
  }

  #readSecret(): Promise<Buffer> {
    this.#secret ??= readSecret(this.#owner.signal).then(({ key }) => key)
    return this.#secret
  }
}
