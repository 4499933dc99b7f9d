// The journal that one run writes: whose it is, and when it says that the run writes no more.
import { basename } from 'node:path'
import type { Claim } from '../claim/claim.ts'
import { removeJournal, saveJournal } from '../claim/journal.ts'
import { type Block, byteCount } from '../state/blocks.ts'
import { type Placeholder, sealedKey, type Version } from '../state/journal-format.ts'
import type { PartFile } from './part-file.ts'

/** Whose journal it is. */
export interface JournalOwner {
  readonly claim: Claim
  /** What is downloaded. */
  readonly key: string
  /** The key of journals. */
  readonly secret: Buffer
}

/** What is recorded. */
export interface Recorded {
  readonly version: Version
  readonly part: PartFile
  /** Bytes that are written, and on the disk once the part file is flushed. */
  readonly blocks: readonly Block[]
  /** `'begun'`: nothing is written yet. `'closed'`: this run will write no more. */
  readonly state: 'begun' | 'open' | 'closed'
  readonly placeholder?: Placeholder
}

/** Writes the journal of one download. */
export class JournalWriter {
  readonly #owner: JournalOwner
  #recordedBytes = 0
  #isOpen = false

  constructor(owner: JournalOwner) {
    this.#owner = owner
  }

  /** Bytes that the last journal, perhaps still on its way to the disk, names. */
  get recordedBytes(): number {
    return this.#recordedBytes
  }

  /** Does it name bytes, and this run as the one that writes? */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** True also after a power cut: what is written goes to the disk, and only then its record takes its name. */
  async save({ version, part, blocks, state, ...more }: Recorded): Promise<void> {
    const { claim, secret } = this.#owner
    const { lock, paths } = claim
    this.#recordedBytes = byteCount(blocks)
    const onDisk = state === 'begun' && blocks.length === 0 ? null : part.flush()
    onDisk?.catch(() => undefined) // thrown by saveJournal()
    const writer = state === 'closed' ? null : lock.token
    const name = basename(paths.part)
    const key = sealedKey(this.#owner.key, secret)
    const record = { writer, name, part: await part.id(), key, ...version, blocks, ...more }
    const assertHeld = (): Promise<void> => lock.assertHeld()
    await saveJournal(paths.journal, record, { secret, token: lock.token, onDisk, assertHeld })
    this.#isOpen = state !== 'closed' && blocks.length > 0
  }

  /** Removes it, for good. */
  async remove(): Promise<void> {
    await removeJournal(this.#owner.claim.paths.journal)
  }
}
