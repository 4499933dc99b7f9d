// What one output keeps on disk: NAME.part, its journal, its lock. Data first, then the journal.
import { BlockWriter } from './block-writer.ts'
import { BUFFER } from './buffers.ts'
import { Checkpoints } from './checkpoints.ts'
import { strongest } from './digest.ts'
import type { FinalName } from './final-name.ts'
import { type Identity, isJoinable } from './identity.ts'
import { loadJournal, removeJournal, saveJournal } from './journal.ts'
import { Lock } from './lock.ts'
import { PartFile } from './part-file.ts'
import { addBlock, type Block, size } from './plan.ts'

/** No more than this share of the file is taken while the journal before it is still on its way to the disk. */
const BACKLOG_SHARE = 1 / 32
/** A write begins with this share of the file: what waits in memory is what a kill costs first. */
const WRITE_SHARE = 1 / 256
const SMALLEST_WRITE = 16 * 1024
/** Bytes in memory, at most, of one connection. */
const UNWRITTEN = 4 * BUFFER

/** The version of the file that the received bytes belong to. */
export interface Version {
  readonly identity: Identity
  readonly contentType: string | null
}

/** Where and for what a store is opened. */
export interface StoreOptions {
  /** Path without `.part`. */
  readonly path: string
  /** What is downloaded; a journal with another key is not used. */
  readonly key: string
  readonly resume: 'auto' | 'never'
  /** Will the whole be read again at the end, for a given checksum? A digest that the server sends is seen here. */
  readonly isReadAgain: boolean
  /** Ends the checking of large files. */
  readonly signal: AbortSignal | null
  /** Told of the first failure to write, which ends the download. */
  readonly onFailure: (error: unknown) => void
}

/** The part file of a download and the record of what is good in it. Close it. */
export class Store {
  readonly #options: StoreOptions
  readonly #lock: Lock
  readonly #part: PartFile
  readonly #journalPath: string
  readonly #checkpoints: Checkpoints
  readonly #writers = new Set<BlockWriter>()
  #blocks: Block[] = []
  #version: Version | null = null
  /** Bytes that the last journal, perhaps still on its way to the disk, names. */
  #named = 0
  #hasBegun = false

  private constructor(options: StoreOptions, lock: Lock, part: PartFile) {
    this.#options = options
    this.#lock = lock
    this.#part = part
    this.#journalPath = `${options.path}.part.json`
    this.#checkpoints = new Checkpoints(() => this.#save(), options.onFailure)
  }

  /** Locks the output, opens the part file and checks what an earlier run has left there. */
  static async open(options: StoreOptions): Promise<Store> {
    const lock = await Lock.acquire(`${options.path}.part.lock`)
    let part: PartFile | null = null
    try {
      part = await PartFile.open(`${options.path}.part`, options.signal)
      const store = new Store(options, lock, part)
      await store.#recover()
      return store
    } catch (error) {
      await part?.close()
      await lock.release()
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
   * Forgets everything, on disk first, then takes bytes of `version`. Until then what another download has
   * left under this name stays: a mistyped URL must not cost it.
   */
  async begin(version: Version): Promise<void> {
    await this.forget()
    // The old journal must be gone for good before bytes of another version can reach the disk.
    await removeJournal(this.#journalPath)
    await this.#part.truncate(0)
    this.#adopt(version)
    this.#hasBegun = true
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
    const behind = this.received - this.#named
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
    await this.#lock.assertHeld()
    await this.#part.finish(name)
    await removeJournal(this.#journalPath)
  }

  /** Records what there is and lets go of everything; with nothing received nothing is left behind. */
  async close(outcome: 'finished' | 'stopped'): Promise<void> {
    try {
      if (outcome === 'stopped') await this.#park()
    } finally {
      await this.#part.close().catch(() => undefined)
      await this.#lock.release()
    }
  }

  async #park(): Promise<void> {
    for (const writer of this.#writers) await this.end(writer, this.unproven.has(writer) ? 'drop' : 'keep')
    await this.#checkpoints.settle()
    if (this.#blocks.length > 0 && this.joinable !== null) {
      await this.#save()
    } else if (this.#hasBegun || (await this.#part.size()) === 0) {
      await this.#lock.assertHeld()
      await this.#part.remove()
      await removeJournal(this.#journalPath)
    }
  }

  async #recover(): Promise<void> {
    const record = this.#options.resume === 'auto' ? await loadJournal(this.#journalPath) : null
    const isUsable = record !== null && record.key === this.#options.key && isJoinable(record.identity)
    if (!isUsable) return
    const good: Block[] = []
    for (const block of record.blocks) {
      if (block.end <= (record.identity.total ?? 0) && (await this.#part.holds(block))) good.push(block)
    }
    if (good.length === 0) return
    this.#blocks = good
    this.#adopt({ identity: record.identity, contentType: record.contentType })
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

  /** True also after a power cut: what is written goes to the disk, and only then its record takes its name. */
  async #save(): Promise<void> {
    const version = this.#version
    if (version === null) return
    const proven = [...this.#writers].filter((writer) => !this.unproven.has(writer))
    const blocks = proven.reduce((all, writer) => addBlock(all, writer.block), this.#blocks)
    this.#named = size(blocks)
    const flushed = this.#part.flush()
    flushed.catch(() => undefined) // thrown by saveJournal()
    await this.#lock.assertHeld()
    await saveJournal(this.#journalPath, { key: this.#options.key, ...version, blocks }, flushed)
  }
}
