// What one output keeps on disk: NAME.part, its journal, its lock. Data first, then the journal.
import { BlockWriter } from './block-writer.ts'
import { BUFFER } from './buffers.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Claim, claim } from './claim.ts'
import { strongest } from './digest.ts'
import type { FinalName } from './final-name.ts'
import { type Identity, isJoinable } from './identity.ts'
import type { Version } from './journal-format.ts'
import { JournalWriter, type Recorded } from './journal-writer.ts'
import type { Leftover } from './leftover.ts'
import { PartFile } from './part-file.ts'
import { addBlock, type Block, size } from './plan.ts'
import { type Recovered, recover } from './recovery.ts'
import { readSecret } from './secret.ts'
import { completePath } from './state-names.ts'
import type { OpenedState, StoreOptions } from './store-options.ts'

/** No more than this share of the file is taken while the journal before it is still on its way to the disk. */
const BACKLOG_SHARE = 1 / 32
/** A write begins with this share of the file: what waits in memory is what a kill costs first. */
const WRITE_SHARE = 1 / 256
const SMALLEST_WRITE = 16 * 1024
/** Bytes in memory, at most, of one connection. */
const UNWRITTEN = 4 * BUFFER

/** The part file of a download and the record of what is good in it. Close it. */
export class Store {
  readonly #options: StoreOptions
  readonly #claim: Claim
  readonly #journal: JournalWriter
  /** Will later runs not know the key of the journal? */
  readonly #isForgotten: boolean
  /** See {@link Recovered.notice}. */
  readonly notice: string
  #part: PartFile
  /** Is the part file one that was made for this run, with nothing in it? */
  #isNew: boolean
  readonly #checkpoints: Checkpoints
  readonly #writers = new Set<BlockWriter>()
  #blocks: Block[] = []
  #version: Version | null = null
  #hasBegun = false

  private constructor(options: StoreOptions, { claim, secret, recovered }: OpenedState) {
    this.#options = options
    this.#claim = claim
    this.#isForgotten = secret.isForgotten !== null
    this.#journal = new JournalWriter({ claim, key: options.key, secret: secret.key })
    this.notice = recovered.notice
    this.#part = recovered.part
    this.#isNew = recovered.isNew
    this.#checkpoints = new Checkpoints(() => this.#save('open'), options.onFailure)
    if (recovered.held === null) return
    this.#blocks = recovered.held.blocks
    this.#adopt(recovered.held.version)
  }

  /** Locks the output and checks what an earlier run has left there. */
  static async open(options: StoreOptions): Promise<Store> {
    const secret = await readSecret(options.signal)
    const claimed = await claim({ ...options, secret: secret.key })
    let recovered: Recovered | null = null
    try {
      recovered = await recover({ ...options, ...claimed, secret })
      const store = new Store(options, { claim: claimed, secret, recovered })
      if (recovered.isCopied) await store.#publish()
      return store
    } catch (error) {
      await recovered?.part.close()
      await claimed.lock.release('recorded')
      throw error
    }
  }

  /** What has been received of which version; null while that is nothing. */
  get version(): Version | null {
    return this.#version
  }

  /** The version whose bytes other answers may be joined to, or null. */
  get joinable(): Identity | null {
    const identity = this.#version?.identity ?? null
    return identity !== null && isJoinable(identity) ? identity : null
  }

  /** Everything in the part file: finished blocks and those being written. */
  get blocks(): readonly Block[] {
    return [...this.#writers].reduce((blocks, writer) => addBlock(blocks, writer.block), this.#blocks)
  }

  /** Bytes received, those not yet written included. */
  get received(): number {
    let bytes = size(this.#blocks)
    for (const writer of this.#writers) bytes += writer.length
    return bytes
  }

  /**
   * Forgets everything, on disk first, then takes bytes of `version`, in a new file. Until then what another download
   * has left under this name stays: a mistyped URL must not cost it.
   */
  async begin(version: Version): Promise<void> {
    await this.forget()
    await this.#claim.lock.assertHeld()
    if (!this.#isNew) await this.#part.remove()
    // The old journal must be gone for good before bytes of another version can reach the disk.
    await this.#journal.remove()
    if (!this.#isNew) await this.#replacePart()
    this.#isNew = false
    this.#adopt(version)
    this.#hasBegun = true
    await this.#publish()
  }

  /** The bytes held are of no use any more. What is on disk stays until `begin()`. */
  async forget(): Promise<void> {
    for (const writer of this.#writers) await this.end(writer, 'drop')
    await this.#checkpoints.settle() // none of what is forgotten may be recorded later
    this.#version = null
    this.#blocks = []
  }

  /**
   * What to wait for before more is taken: on a line faster than the disk the journal would fall behind, and a kill
   * would cost all that it does not name. Null as long as it keeps up.
   */
  get backlog(): Promise<void> | null {
    const total = this.#version?.identity.total ?? Number.POSITIVE_INFINITY
    const behind = this.received - this.#journal.named
    return behind >= Math.max(SMALLEST_WRITE, total * BACKLOG_SHARE) ? this.#checkpoints.saving : null
  }

  /** Starts a block at `start`. */
  write(start: number): BlockWriter {
    let end = start
    const total = this.#version?.identity.total ?? Number.POSITIVE_INFINITY
    const share = Math.max(SMALLEST_WRITE, Math.ceil(total * WRITE_SHARE))
    const writer = new BlockWriter(this.#part, start, {
      batch: Math.min(BUFFER, share),
      backlog: Math.min(UNWRITTEN, share),
      onWritten: () => {
        const written = writer.block.end - end
        end = writer.block.end
        if (writer.failure === null) this.#note(written)
        else this.#options.onFailure(writer.failure)
      },
    })
    this.#writers.add(writer)
    return writer
  }

  /** Ends a block: once it is written it counts, unless `fate` is `'drop'`. */
  async end(writer: BlockWriter, fate: 'keep' | 'drop'): Promise<void> {
    await writer.flush()
    if (!this.#writers.delete(writer)) return // begun anew meanwhile
    if (fate === 'drop') return
    this.#blocks = addBlock(this.#blocks, writer.block)
    this.#note(0)
  }

  /** Blocks of these writers are not yet proven: they stay out of the journal. */
  readonly unproven: WeakSet<BlockWriter> = new WeakSet<BlockWriter>()

  /** The digest of the whole part file, in base64. */
  digest(algorithm: 'sha-256' | 'sha-512', total: number): Promise<string> {
    return this.#part.digest(algorithm, total)
  }

  /** Makes the part file, exactly `total` bytes, the finished file. */
  async finish(total: number, name: FinalName): Promise<void> {
    await this.#checkpoints.settle()
    if ((await this.#part.size()) !== total) await this.#part.truncate(total)
    const { lock, paths } = this.#claim
    await lock.assertHeld()
    const ownPath = completePath(paths.part, lock.token)
    await this.#part.finish(name, {
      ownPath,
      assertHeld: () => lock.assertHeld(),
      record: (placeholder) => this.#save('open', { placeholder }),
    })
    await this.#journal.remove()
  }

  /**
   * Records what there is, and closes everything. What no later run could resume is removed. Failures change what is left,
   * and nothing else.
   */
  async close(outcome: 'finished' | 'stopped'): Promise<Leftover> {
    const left = outcome === 'stopped' ? await this.#park() : 'nothing'
    await this.#part.close().catch(() => undefined)
    await this.#claim.lock.release(left === 'unrecorded' ? 'unrecorded' : 'recorded')
    return left === 'nothing' || this.#isForgotten ? 'nothing' : 'resumable'
  }

  /** `'unrecorded'`: a journal is there, and names this run still. */
  async #park(): Promise<'recorded' | 'unrecorded' | 'nothing'> {
    for (const writer of this.#writers) {
      const isProven = !this.unproven.has(writer)
      // What was written before a failure counts.
      await this.end(writer, isProven ? 'keep' : 'drop').catch(() => undefined)
      if (!isProven) this.#writers.delete(writer)
    }
    await this.#checkpoints.settle()
    if (size(this.blocks) > 0 && this.joinable !== null) {
      const [saved] = await Promise.allSettled([this.#save('closed')])
      if (this.#journal.isOpen) return 'unrecorded'
      if (saved.status === 'fulfilled' || !this.#hasBegun) return 'recorded'
    }
    await this.#discard().catch(() => undefined)
    return 'nothing'
  }

  /** Removes what this run has begun, or an empty file. What others have left there stays. */
  async #discard(): Promise<void> {
    if (!this.#hasBegun && (await this.#part.size()) > 0) return
    await this.#claim.lock.assertHeld()
    await this.#part.remove()
    await this.#journal.remove()
  }

  /** The old file is closed last, so that its inode is not used again for the new one. */
  async #replacePart(): Promise<void> {
    const old = this.#part
    const { paths, lock } = this.#claim
    this.#part = await PartFile.create(paths.part, { ...this.#options, token: lock.token })
    await old.close()
  }

  /** A part file that no journal names is nobody's. So it is in the journal before it has its name. */
  async #publish(): Promise<void> {
    await this.#save('begun')
    await this.#part.publish()
  }

  #adopt(version: Version): void {
    this.#version = version
    if (this.#options.isReadAgain || strongest(version.identity.digests) !== null) this.#part.keepCached()
  }

  /** Only what another answer can be joined to is worth a journal. */
  #note(bytes: number): void {
    const total = this.joinable?.total ?? null
    if (total !== null) this.#checkpoints.note(bytes, total)
  }

  async #save(state: Recorded['state'], more: Pick<Recorded, 'placeholder'> = {}): Promise<void> {
    const version = this.#version
    if (version === null) return
    const proven = [...this.#writers].filter((writer) => !this.unproven.has(writer))
    const blocks = proven.reduce((all, writer) => addBlock(all, writer.block), this.#blocks)
    await this.#journal.save({ version, part: this.#part, blocks, state, ...more })
  }
}
