// Writes the journal of one run.
import { basename } from 'node:path'
import type { Claim } from '../claim/claim.ts'
import { removeJournal, saveJournal } from '../claim/journal-file.ts'
import { type Block, byteCount } from '../state/blocks.ts'
import { type Placeholder, sealedKey, type Version } from '../state/journal-format.ts'
import type { PartFile } from './part-file.ts'

/** The download that a journal belongs to. */
export interface JournalOwner {
  readonly claim: Claim
  /** The key of the download; see `StoreOptions`. */
  readonly key: string
  /** The key of journals. */
  readonly secret: Buffer
}

/** What a journal records. */
export interface Recorded {
  readonly version: Version
  readonly part: PartFile
  /** Written bytes. They are on the disk once the part file is flushed. */
  readonly blocks: readonly Block[]
  /** `'begun'`: nothing is written yet. `'closed'`: this run writes no more. */
  readonly state: 'begun' | 'open' | 'closed'
  readonly placeholder?: Placeholder
  /** Called when the journal is written, just before it replaces the old one. It may be called again. */
  readonly beforeReplaced?: () => Promise<void>
}

/** Writes the journal of one download. */
export class JournalWriter {
  readonly #owner: JournalOwner
  #recordedBytes = 0
  /** What a journal records that is there, or that a power cut could bring back. */
  #left: 'no journal' | 'no bytes' | 'bytes'
  #isOpen: boolean

  /** @param isOpen see {@link isOpen} */
  constructor(owner: JournalOwner, isOpen: boolean) {
    this.#isOpen = isOpen
    this.#owner = owner
    this.#left = owner.claim.isFresh ? 'no journal' : 'bytes'
  }

  /** The number of bytes in the newest journal, which may not yet be on the disk. */
  get recordedBytes(): number {
    return this.#recordedBytes
  }

  /** Is it certain that there is no journal? */
  get isAbsent(): boolean {
    return this.#left === 'no journal'
  }

  /** Does the journal record bytes, and name this run as the writer? */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Saves a journal that is also true after a power cut: the bytes are flushed before the journal gets its name. */
  async save({ version, part, blocks, state, beforeReplaced, ...more }: Recorded): Promise<void> {
    const { claim, secret } = this.#owner
    const { lock, paths } = claim
    this.#recordedBytes = byteCount(blocks)
    const onDisk = state === 'begun' && blocks.length === 0 ? null : part.flush()
    onDisk?.catch(() => undefined) // thrown by saveJournal()
    const writer = state === 'closed' ? null : lock.token
    const name = basename(paths.part)
    const key = sealedKey(this.#owner.key, secret)
    const record = { writer, name, part: await part.id(), key, ...version, blocks, ...more }
    const assertHeld = async (): Promise<void> => {
      await lock.assertHeld()
      await beforeReplaced?.()
    }
    if (this.#left !== 'bytes') this.#left = blocks.length > 0 ? 'bytes' : 'no bytes'
    await saveJournal(paths.journal, record, { secret, token: lock.token, onDisk, assertHeld })
    this.#isOpen = state !== 'closed' && blocks.length > 0
  }

  /** Removes the journal. A power cut does not bring it back if it records bytes; otherwise it does no harm. */
  async remove(): Promise<void> {
    if (this.isAbsent) return
    await removeJournal(this.#owner.claim.paths.journal, this.#left === 'bytes' ? 'flushed' : 'cached')
    this.#left = 'no journal'
  }
}
