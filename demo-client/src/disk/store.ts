// What one output keeps on disk: NAME.part, its journal, its lock. Data first, then the journal.
import { claim } from '../claim/claim.ts'
import type { FinalName } from '../claim/final-name.ts'
import { readSecret } from '../claim/secret.ts'
import { strongest } from '../rules/digest.ts'
import { isJoinable, type Validators } from '../rules/validators.ts'
import { type Block, byteCount } from '../state/blocks.ts'
import type { Version } from '../state/journal-format.ts'
import { BlockWriter } from './block-writer.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Content, JournaledPart } from './journaled-part.ts'
import type { KeptBytes } from './kept-bytes.ts'
import { ReceivedBlocks } from './received-blocks.ts'
import { type Recovered, recover } from './recovery.ts'
import type { OpenedState, StoreOptions } from './store-options.ts'
import { maxUnrecordedBytes, writeSizes } from './write-sizes.ts'

/** The part file of a download and the record of what is good in it. Close it. */
export class Store {
  readonly #options: StoreOptions
  /** Will later runs not know the key of the journal? */
  readonly #isKeyUnsaved: boolean
  /** See {@link Recovered.notice}. */
  readonly notice: string
  readonly #part: JournaledPart
  readonly #checkpoints: Checkpoints
  readonly #received = new ReceivedBlocks()
  #version: Version | null = null
  #hasBegun = false

  private constructor(options: StoreOptions, { claim, secret, recovered }: OpenedState) {
    this.#options = options
    this.#isKeyUnsaved = secret.unsavedReason !== null
    this.notice = recovered.notice
    this.#part = new JournaledPart({ claim, key: options.key, secret: secret.key }, recovered, options)
    this.#checkpoints = new Checkpoints(() => this.#part.save(this.#content, 'open'), options.onFailure)
    if (recovered.held === null) return
    this.#received.reset(recovered.held.blocks)
    this.#setVersion(recovered.held.version)
  }

  /** Locks the output and checks what an earlier run has left there. */
  static async open(options: StoreOptions): Promise<Store> {
    const secret = await readSecret(options.signal)
    const claimed = await claim({ ...options, secret: secret.key })
    let recovered: Recovered | null = null
    try {
      recovered = await recover({ ...options, ...claimed, secret })
      const store = new Store(options, { claim: claimed, secret, recovered })
      // The copy is checked by now: a stop before this has cost nothing.
      await recovered.replaced?.remove()
      if (recovered.replaced !== null) await store.#part.publish(store.#content)
      await recovered.replaced?.close()
      return store
    } catch (error) {
      await recovered?.part.discard()
      await recovered?.replaced?.close().catch(() => undefined)
      await claimed.lock.release('recorded')
      throw error
    }
  }

  /** What has been received of which version; null while that is nothing. */
  get version(): Version | null {
    return this.#version
  }

  /** The version whose bytes other answers may be joined to, or null. */
  get joinable(): Validators | null {
    const validators = this.#version?.validators ?? null
    return validators !== null && isJoinable(validators) ? validators : null
  }

  /** Everything in the part file: finished blocks and those being written. */
  get blocks(): readonly Block[] {
    return this.#received.blocks
  }

  /** Bytes received, those not yet written included. */
  get received(): number {
    return this.#received.bytes
  }

  /**
   * Forgets everything, on disk first, then takes bytes of `version`, in a new file. Until then what another download
   * has left under this name stays: a mistyped URL must not cost it.
   */
  async begin(version: Version): Promise<void> {
    await this.forget()
    await this.#part.renew()
    this.#setVersion(version)
    this.#hasBegun = true
    await this.#part.publish(this.#content)
  }

  /** The bytes held are of no use any more. What is on disk stays until `begin()`. */
  async forget(): Promise<void> {
    for (const writer of this.#received.writers) await this.end(writer, 'drop')
    await this.#checkpoints.cancel() // none of what is forgotten may be recorded later
    this.#version = null
    this.#received.reset([])
  }

  /**
   * What to wait for before more is taken: on a line faster than the disk the journal would fall behind, and a kill
   * would cost all that it does not name. Null as long as it keeps up.
   */
  get backlog(): Promise<void> | null {
    const behind = this.received - this.#part.recordedBytes
    return behind >= maxUnrecordedBytes(this.#total) ? this.#checkpoints.saving : null
  }

  /** Starts a block at `start`. */
  write(start: number): BlockWriter {
    let end = start
    const writer = new BlockWriter(this.#part.file, start, {
      ...writeSizes(this.#total),
      journalBacklog: () => this.backlog,
      onWritten: () => {
        const written = writer.block.end - end
        end = writer.block.end
        if (writer.failure === null) this.#noteWritten(written)
        else this.#options.onFailure(writer.failure)
      },
    })
    this.#received.add(writer)
    return writer
  }

  /** Ends a block: once it is written it counts, unless `outcome` is `'drop'`. */
  async end(writer: BlockWriter, outcome: 'keep' | 'drop'): Promise<void> {
    await writer.flush()
    // Another version may have begun meanwhile.
    if (this.#received.end(writer, outcome) && outcome === 'keep') this.#noteWritten(0)
  }

  /** Keeps the block of `writer` out of the journal until it ends: a digest of all of it is yet to be compared. */
  markUnproven(writer: BlockWriter): void {
    this.#received.markUnproven(writer)
  }

  /** May the block of `writer` be recorded while it is written? */
  isProven(writer: BlockWriter): boolean {
    return this.#received.isProven(writer)
  }

  /** The digest of the whole part file, in base64. */
  digest(algorithm: 'sha-256' | 'sha-512', total: number): Promise<string> {
    return this.#part.file.digest(algorithm, total)
  }

  /** Makes the part file, exactly `total` bytes, the finished file. */
  async finish(total: number, name: FinalName): Promise<void> {
    await this.#checkpoints.cancel()
    await this.#part.finish(total, name, this.#content)
  }

  /**
   * Records what there is, and closes everything. What no later run could resume is removed. Failures change what is left,
   * and nothing else.
   */
  async close(outcome: 'finished' | 'stopped'): Promise<KeptBytes> {
    const left = outcome === 'stopped' ? await this.#saveOrDiscard() : 'nothing'
    await this.#part.close(left === 'unrecorded' ? 'unrecorded' : 'recorded')
    return left === 'nothing' || this.#isKeyUnsaved ? 'nothing' : 'resumable'
  }

  /** `'unrecorded'`: a journal is there, and names this run still. */
  async #saveOrDiscard(): Promise<'recorded' | 'unrecorded' | 'nothing'> {
    for (const writer of this.#received.writers) {
      const isProven = this.isProven(writer)
      // What was written before a failure counts.
      await this.end(writer, isProven ? 'keep' : 'drop').catch(() => undefined)
      if (!isProven) this.#received.end(writer, 'drop')
    }
    await this.#checkpoints.cancel()
    if (byteCount(this.blocks) > 0 && this.joinable !== null) {
      const [saved] = await Promise.allSettled([this.#part.save(this.#content, 'closed')])
      if (this.#part.isRecorded) return 'unrecorded'
      if (saved.status === 'fulfilled' || !this.#hasBegun) return 'recorded'
    }
    await this.#discard().catch(() => undefined)
    return 'nothing'
  }

  /** Removes what this run has begun, or an empty file. What others have left there stays. */
  async #discard(): Promise<void> {
    if (!this.#hasBegun && (await this.#part.file.size()) > 0) return
    await this.#part.remove()
  }

  get #total(): number | null {
    return this.#version?.validators.total ?? null
  }

  #setVersion(version: Version): void {
    this.#version = version
    if (this.#options.isReadAgain || strongest(version.validators.digests) !== null)
      this.#part.file.keepCached()
  }

  /** Only what another answer can be joined to is worth a journal. */
  #noteWritten(bytes: number): void {
    const total = this.joinable?.total ?? null
    if (total !== null) this.#checkpoints.note(bytes, total)
  }

  /** What a journal says; null while there is no version. */
  get #content(): Content | null {
    return this.#version === null ? null : { version: this.#version, blocks: this.#received.proven }
  }
}
