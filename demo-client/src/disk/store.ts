// The state of a download on disk: NAME.part, its journal and its lock. Bytes are flushed before the journal records them.
import { claim } from '../claim/claim.ts'
import type { FinalName } from '../claim/final-name.ts'
import { readSecret } from '../claim/journal-key.ts'
import type { SentAlgorithm } from '../rules/digest.ts'
import type { Pieces } from '../rules/expected-file.ts'
import { isJoinable, type Validators } from '../rules/validators.ts'
import { type Block, byteCount, type Interval, uncovered } from '../state/blocks.ts'
import { sealedKey, type Version } from '../state/journal-format.ts'
import type { FileMark, UpdateRecord } from '../state/update-record.ts'
import { BlockWriter } from './block-writer.ts'
import type { BegunVersion, ByteStore } from './byte-store.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Content, JournaledPart } from './journaled-part.ts'
import { ReceivedBlocks } from './received-blocks.ts'
import { isWriterOf, type Recovered, recover } from './recovery.ts'
import type { KeptBytes } from './resume-message.ts'
import type { OpenedState, StoreOptions } from './store-options.ts'
import { isSmall, maxUnrecordedBytes, writeSizes } from './write-sizes.ts'

/** The part file of a download and the record of its received blocks. Close it. */
export class Store implements ByteStore {
  /** A file has room for all bytes. */
  readonly window = null
  readonly canStartOver = true
  readonly #options: StoreOptions
  /** Will later runs not have the key of the journal? */
  readonly #isKeyUnsaved: boolean
  readonly notice: string
  readonly #part: JournaledPart
  readonly #secret: Buffer
  readonly #checkpoints: Checkpoints
  readonly #received = new ReceivedBlocks()
  #version: Version | null = null
  #hasBegun = false

  private constructor(options: StoreOptions, { claim, secret, recovered }: OpenedState) {
    this.#options = options
    this.#isKeyUnsaved = secret.unsavedReason !== null
    this.notice = recovered.notice
    this.#secret = secret.key
    this.#part = new JournaledPart({ claim, key: options.key, secret: secret.key }, recovered, options)
    this.#checkpoints = new Checkpoints(() => this.#part.save(this.#content, 'open'), options.onFailure)
    if (recovered.held === null) return
    this.#received.reset(recovered.held.blocks)
    this.#setVersion(recovered.held.version)
  }

  /** Locks the output and recovers the blocks of an earlier run. */
  static async open(options: StoreOptions): Promise<Store> {
    const secret = await readSecret(options.signal)
    const claimed = await claim({ ...options, secret: secret.key })
    let recovered: Recovered | null = null
    try {
      recovered = await recover({ ...options, ...claimed, secret })
      const store = new Store(options, { claim: claimed, secret, recovered })
      // Only now that the copy is checked does the old file go, so an earlier stop loses nothing.
      if (recovered.replaced !== null) await store.#part.replace(recovered.replaced, store.#content)
      return store
    } catch (error) {
      await recovered?.part.discard()
      await recovered?.replaced?.close().catch(() => undefined)
      await claimed.lock.release((await isWriterOf(claimed, secret.key)) ? 'unrecorded' : 'recorded')
      throw error
    }
  }

  /** The version of the received bytes; null while there are none. */
  get version(): Version | null {
    return this.#version
  }

  /** The validators of that version, if bytes of other answers can be proven to belong to it; otherwise null. */
  get joinable(): Validators | null {
    const validators = this.#version?.validators ?? null
    return validators !== null && isJoinable(validators) ? validators : null
  }

  /** All blocks in the part file: finished ones and those that are being written. */
  get blocks(): readonly Block[] {
    return this.#received.blocks
  }

  /** The number of bytes received, including those not yet written. */
  get received(): number {
    return this.#received.bytes
  }

  /**
   * Starts `version` in a new file, and forgets all other bytes. Until then the state of another download under this name
   * stays, so that a mistyped URL does not destroy it.
   */
  async begin({ mirror, ...version }: BegunVersion): Promise<void> {
    await this.forget()
    await this.#part.renew()
    this.#setVersion(mirror == null ? version : { ...version, source: sealedKey(mirror, this.#secret) })
    this.#hasBegun = true
    // The first journal gives a small file its name. Mostly the file is complete before that.
    if (!isSmall(version.validators.total)) await this.#part.publish(this.#content)
  }

  /** Are the validators of the version those of this mirror, by its URL? Null: of the caller's URL. */
  isFrom(mirror: string | null): boolean {
    const source = this.#version?.source
    return mirror === null ? source === undefined : source === sealedKey(mirror, this.#secret)
  }

  /** From now on the version is known by these validators only, in the journals of this run, too. */
  narrow(validators: Validators): void {
    if (this.#version !== null) this.#version = { ...this.#version, validators }
  }

  /** Forgets all received bytes. The files stay until `begin()`. */
  async forget(): Promise<void> {
    for (const writer of this.#received.writers) await this.end(writer, 'drop')
    await this.#checkpoints.cancel() // no forgotten byte may be recorded later
    this.#version = null
    this.#received.reset([])
  }

  /**
   * What to wait for before more bytes are accepted, or null. If the network is faster than the disk, the journal falls
   * behind, and a kill would lose all bytes that it does not record.
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

  /** Ends a block. It counts once it is written, unless `outcome` is `'drop'`. */
  async end(writer: BlockWriter, outcome: 'keep' | 'drop'): Promise<void> {
    await writer.flush()
    // Another version may have begun in the meantime.
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

  /** The digests of the bytes of `interval` in the part file, in base64. */
  digests<Name extends SentAlgorithm>(
    algorithms: Iterable<Name>,
    interval: Interval,
  ): Promise<ReadonlyMap<Name, string>> {
    return this.#part.file.digests(algorithms, interval)
  }

  /** The digests of the pieces of the first `total` bytes in the part file, in base64. */
  pieceDigests(pieces: Pieces, total: number): Promise<readonly string[]> {
    return this.#part.file.pieceDigests(pieces, total)
  }

  /** Forgets the bytes of `damaged`, and keeps the others. Call it while nothing is written. */
  async drop(damaged: readonly Interval[]): Promise<void> {
    await this.#checkpoints.cancel()
    const kept: Block[] = []
    for (const block of this.blocks)
      for (const part of uncovered(block, damaged)) {
        const isWhole = part.start === block.start && part.end === block.end
        kept.push(isWhole ? block : await this.#part.file.blockOf(part))
      }
    this.#received.reset(kept)
    // Otherwise a kill would leave a journal that lists the damaged bytes.
    await this.#part.save(this.#content, 'open')
  }

  /** Makes the part file the finished file; see `PartFile.finish`. */
  async finish(name: FinalName): Promise<FileMark | null> {
    await this.#checkpoints.cancel()
    return await this.#part.finish(name, this.#content)
  }

  /** Keeps a record about the finished file, or removes it; see `saveRecord`. Returns whether later runs can use it. */
  async saveRecord(path: string, record: UpdateRecord | null): Promise<boolean> {
    return !this.#isKeyUnsaved && (await this.#part.saveRecord(path, record).catch(() => false))
  }

  /** Saves the journal and closes all. Bytes that cannot be resumed are removed. A failure changes only what is kept. */
  async close(outcome: 'finished' | 'stopped'): Promise<KeptBytes> {
    const left = outcome === 'stopped' ? await this.#saveOrDiscard() : 'nothing'
    await this.#part.close(left === 'unrecorded' ? 'unrecorded' : 'recorded')
    if (left !== 'nothing') return this.#isKeyUnsaved ? 'nothing' : 'resumable'
    const isLost =
      outcome === 'stopped' && this.#hasBegun && byteCount(this.blocks) > 0 && this.joinable === null
    if (!isLost) return 'nothing'
    return this.#total === null ? 'unsized' : 'unproven'
  }

  /** `'unrecorded'`: the journal on disk still names this run as its writer. */
  async #saveOrDiscard(): Promise<'recorded' | 'unrecorded' | 'nothing'> {
    for (const writer of this.#received.writers) {
      const isProven = this.isProven(writer)
      // Bytes that were written before a failure count.
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

  /** Removes the files that this run began, or an empty file. The state of another download stays. */
  async #discard(): Promise<void> {
    if (!this.#hasBegun && (await this.#part.file.size()) > 0) return
    await this.#part.remove()
  }

  get #total(): number | null {
    return this.#version?.validators.total ?? null
  }

  #setVersion(version: Version): void {
    this.#version = version
    const { digests, vouched } = version.validators
    const hasDigest = Object.keys({ ...digests, ...vouched?.digests }).length > 0
    if (this.#options.isReadAgain || hasDigest) this.#part.file.keepCached()
  }

  /** Saves a journal only for a version to which other answers can be joined. */
  #noteWritten(bytes: number): void {
    const total = this.joinable?.total ?? null
    if (total !== null) this.#checkpoints.note(bytes, total)
  }

  /** What the journal records; null while there is no version. */
  get #content(): Content | null {
    return this.#version === null ? null : { version: this.#version, blocks: this.#received.proven }
  }
}
