// The part file of a download together with its journal, from the first bytes to the final name.
import { dirname } from 'node:path'
import type { Claim } from '../claim/claim.ts'
import { removeStaleLockDrafts } from '../claim/cleanup.ts'
import type { FinalName } from '../claim/final-name.ts'
import { folderNames } from '../claim/folder-names.ts'
import { saveRecord } from '../claim/update-record-file.ts'
import { type Block, byteCount } from '../state/blocks.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import type { FileMark, UpdateRecord } from '../state/update-record.ts'
import { type JournalOwner, JournalWriter, type Recorded } from './journal-writer.ts'
import { type NewPart, PartFile } from './part-file.ts'
import type { Recovered } from './recovery.ts'

/** What is recorded about a part file. */
export type Content = Omit<Recorded, 'part' | 'state'>

/** An open part file and its journal, while the lock is held. Close it. */
export class JournaledPart {
  readonly #claim: Claim
  readonly #secret: Buffer
  readonly #newPart: NewPart
  readonly #journal: JournalWriter
  #file: PartFile
  /** The file that had the name before, until the new one has it. While it is open, no other file can have its inode. */
  #old: PartFile | null = null
  /** Was it made for this run, and is it still empty? */
  #isNew: boolean

  constructor(owner: JournalOwner, { part, isNew, isWriter }: Recovered, newPart: NewPart) {
    this.#claim = owner.claim
    this.#secret = owner.secret
    this.#newPart = newPart
    this.#journal = new JournalWriter(owner, isWriter)
    this.#file = part
    this.#isNew = isNew
  }

  /** The current file; {@link renew} makes another one. */
  get file(): PartFile {
    return this.#file
  }

  /** The number of bytes in the newest journal. */
  get recordedBytes(): number {
    return this.#journal.recordedBytes
  }

  /** Starts a new, empty file. The journal and the file of the old version are deleted. */
  async renew(): Promise<void> {
    const { lock, paths } = this.#claim
    if (this.#isNew && this.#journal.isAbsent) {
      this.#isNew = false
      return
    }
    await lock.assertHeld()
    if (!this.#isNew) await this.#file.remove()
    // The old journal must be gone for good before bytes of another version can reach the disk.
    await this.#journal.remove()
    if (!this.#isNew) {
      const old = this.#file
      this.#file = await PartFile.create(paths.part, { ...this.#newPart, token: lock.token })
      await this.#closeOld()
      this.#old = old
    }
    this.#isNew = false
  }

  /**
   * Puts this file, a copy of `old`, in its place, when nothing more has to be written: if there is no space for that, or no
   * descriptor, nothing is lost. After a kill before the journal is replaced too, `cleanUp` does that.
   */
  async replace(old: PartFile, content: Content | null): Promise<void> {
    if (content === null) return
    this.#old = old
    await this.#record({ ...content, beforeReplaced: () => this.#publishFile() }, 'begun')
    await this.#closeOld()
  }

  /** Records a new part file in the journal, and then gives it its name. Without a record no run would recognize it. */
  async publish(content: Content | null): Promise<void> {
    await this.#record(content, 'begun')
    await this.#publishFile()
    await this.#closeOld()
  }

  async #publishFile(): Promise<void> {
    await this.#file.publish(this.#old).catch(async (error: unknown) => {
      await this.#claim.lock.assertHeld() // a run that has taken over has removed the new file
      throw error
    })
  }

  /** See {@link JournalWriter.save}. Without a version there is nothing to record. A new part file gets its name. */
  async save(content: Content | null, state: 'open' | 'closed'): Promise<void> {
    if (content !== null && !this.#file.isPublished) await this.publish({ ...content, blocks: [] })
    await this.#record(content, state)
  }

  async #record(content: Content | null, state: Recorded['state']): Promise<void> {
    if (content === null) return
    await this.#journal.save({ ...content, part: this.#file, state })
  }

  /** Makes the part file the finished file. `content` is for the journal until then. */
  async finish(name: FinalName, content: Content | null): Promise<FileMark | null> {
    const { lock, paths } = this.#claim
    const { isPublished } = this.#file
    // A name that only this run uses is checked when it is given up.
    if (isPublished) await lock.assertHeld()
    const mark = await this.#file.finish(name, {
      ownPath: temporaryPath(paths.part, 'done', lock.token),
      isIntact: () => this.#holdsAll(content?.blocks ?? [], name.size),
      assertHeld: () => lock.assertHeld(),
      record: async (placeholder) => {
        if (content !== null) await this.#record({ ...content, placeholder }, 'open')
      },
    })
    // The file is finished by now, so nothing is a failure any more: some full file systems refuse even to delete. A journal that
    // stays, or that a power cut brings back, has no part file, so it does no harm, and a later run removes it.
    await this.#journal.remove().catch(() => undefined)
    // A file without a journal took no time in which other runs could have been killed: what was there is removed.
    if (isPublished) {
      const names = (await folderNames.of(dirname(paths.lock)))?.names ?? null
      await removeStaleLockDrafts({ paths, secret: this.#secret }, names)
    }
    return mark
  }

  /** Does the file have these blocks, and are they all of its `size` bytes? */
  async #holdsAll(blocks: readonly Block[], size: number): Promise<boolean> {
    if (byteCount(blocks) !== size) return false
    for (const block of blocks) if (!(await this.#file.holds(block))) return false
    return true
  }

  /** See {@link saveRecord}. A later run removes the draft like one of the journal. */
  async saveRecord(path: string, record: UpdateRecord | null): Promise<boolean> {
    const { lock, paths } = this.#claim
    await lock.assertHeld()
    const draft = temporaryPath(paths.journal, 'new', lock.token)
    return await saveRecord(path, record, { secret: this.#secret, draft })
  }

  /** Deletes the part file and its journal. */
  async remove(): Promise<void> {
    // The name that it has until it is published is this run's alone, even if its lock is gone.
    if (!this.#file.isPublished) await this.#file.remove()
    await this.#claim.lock.assertHeld()
    await this.#file.remove()
    await this.#journal.remove()
  }

  /** Does the journal record bytes, and name this run as the writer? */
  get isRecorded(): boolean {
    return this.#journal.isOpen
  }

  /** `'unrecorded'`: the journal still names this run as its writer. Then the lock stays and says that the run has ended. */
  async close(journal: 'recorded' | 'unrecorded'): Promise<void> {
    await this.#closeOld()
    await this.#file.close().catch(() => undefined)
    await this.#claim.lock.release(journal)
  }

  async #closeOld(): Promise<void> {
    await this.#old?.close().catch(() => undefined)
    this.#old = null
  }
}
