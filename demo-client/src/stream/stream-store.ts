// The bytes of a download on their way to an output that takes them in order. Nothing of them stays on a disk.
//
// Several connections fetch ahead, within a window: the bytes that the output has not taken, and as many after them as
// fit into the ring. A byte has its place there by its position, so none is given twice, or left out. What was given
// cannot be taken back. So a version that begins after that is refused, and bytes join only as they do on the disk.
import type { ByteStore } from '../disk/byte-store.ts'
import type { KeptBytes } from '../disk/resume-message.ts'
import { DownloadError } from '../errors.ts'
import type { ExpectedDigest, SentAlgorithm } from '../rules/digest.ts'
import { isJoinable, type Validators } from '../rules/validators.ts'
import { byteCount, type Interval } from '../state/blocks.ts'
import type { Version } from '../state/journal-format.ts'
import type { Window } from '../state/window.ts'
import { Arrivals } from './arrivals.ts'
import { BodyWriter } from './body-writer.ts'
import { FileRing } from './file-ring.ts'
import { MemoryRing } from './memory-ring.ts'
import type { OrderedOutput } from './ordered-output.ts'
import { OutputPump } from './output-pump.ts'
import type { Ring } from './ring.ts'
import { RunningDigests } from './running-digests.ts'
import { signalled } from './signalled.ts'

/** The options of a stream store. */
export interface StreamStoreOptions {
  readonly output: OrderedOutput
  /** The most bytes that wait. */
  readonly buffer: number
  /** They wait in a temporary file below this directory; null: in memory. */
  readonly bufferDirectory: string | null
  /** The digest that the caller gave, or null. */
  readonly checksum: ExpectedDigest | null
  /** Called with the failure of the output, which ends the download. */
  readonly onFailure: (error: unknown) => void
  /** Called when there is room for more bytes. */
  readonly onRoom: () => void
}

/** A connection that waits for room goes on when there is this share of the buffer, or this many bytes. */
const WORTHWHILE_SHARE = 1 / 8
const WORTHWHILE_BYTES = 1024 * 1024

/** What has come of a file, between its server and an output. Close it. */
export class StreamStore implements ByteStore {
  readonly notice = ''
  readonly #options: StreamStoreOptions
  readonly #arrivals = new Arrivals(() => this.given)
  readonly #pump: OutputPump
  #ring: Ring | null = null
  #digests: RunningDigests | null = null
  #version: Version | null = null
  #failure: { readonly error: unknown } | null = null
  #isClosed = false
  /** Resolved when the output has taken more, or takes no more. */
  #moved = signalled()

  constructor(options: StreamStoreOptions) {
    this.#options = options
    this.#pump = new OutputPump({
      output: options.output,
      onBytes: (bytes) => this.#digests?.update(bytes),
      onTaken: () => this.#makeRoom(),
      onFailure: (error) => this.fail(error),
    })
  }

  get version(): Version | null {
    return this.#version
  }

  get joinable(): Validators | null {
    const validators = this.#version?.validators ?? null
    return validators !== null && isJoinable(validators) ? validators : null
  }

  get blocks(): readonly Interval[] {
    return this.#arrivals.blocks
  }

  get received(): number {
    return byteCount(this.blocks)
  }

  /** Bytes that the output has been given, or is about to be given. */
  get given(): number {
    return this.#pump.given
  }

  /** The least and the most bytes that the output has, even if it has failed. */
  get written(): { readonly least: number; readonly most: number } {
    return { least: this.#pump.taken, most: this.#pump.written }
  }

  get canStartOver(): boolean {
    return this.given === 0
  }

  get window(): Window {
    const start = this.#arrivals.frontier
    const isMoving = start > this.#pump.taken || this.#arrivals.writers.some(({ isUnderWay }) => isUnderWay)
    const moved = isMoving && !this.#isClosed ? this.#moved.promise : null
    return { start, end: this.#roomEnd, size: this.#options.buffer, moved }
  }

  /** The output is behind if half of the buffer waits for it. So may be the disk of the temporary file. */
  get backlog(): Promise<void> | null {
    const { start, moved } = this.window
    const isBehind = moved !== null && start - this.#pump.taken >= this.#options.buffer / 2
    return isBehind ? moved : (this.#ring?.backlog ?? null)
  }

  /** There are no mirrors for an output, so nothing of the version is of one server alone. */
  narrow(): void {
    return
  }

  async begin(version: Version): Promise<void> {
    this.#throwIfFailed()
    if (!this.canStartOver) throw new DownloadError('ERR_DOWNLOAD_CHANGED', UNPROVEN)
    await this.forget()
    const { validators } = version
    this.#digests = await RunningDigests.start(validators, this.#options.checksum)
    await this.#ring?.close()
    this.#ring = await this.#newRing(validators.total ?? Number.POSITIVE_INFINITY)
    if (this.#isClosed) await this.free() // meanwhile, and nobody else closes it
    this.#throwIfFailed()
    this.#version = version
  }

  /** What the output has been given stays there. */
  async forget(): Promise<void> {
    this.#arrivals.reset()
    this.#version = null
  }

  write(start: number): BodyWriter {
    const { buffer } = this.#options
    const roomEnd = (): number => this.#roomEnd
    const writer = new BodyWriter(start, {
      get roomEnd() {
        return roomEnd()
      },
      worthwhile: Math.max(1, Math.min(WORTHWHILE_BYTES, buffer * WORTHWHILE_SHARE)),
      underWay: this.#ring?.underWay ?? 0,
      put: (bytes, position) => this.#put(bytes, position),
      onStored: () => this.#give(),
    })
    this.#arrivals.add(writer)
    return writer
  }

  async end(writer: BodyWriter, outcome: 'keep' | 'drop'): Promise<void> {
    const { start, end } = writer.received
    if (outcome === 'drop' && end > start && start < this.given)
      this.fail(new DownloadError('ERR_DOWNLOAD_PROTOCOL', USELESS))
    this.#arrivals.end(writer, outcome)
    this.#give()
  }

  markUnproven(writer: BodyWriter): void {
    this.#arrivals.markUnproven(writer)
  }

  isProven(writer: BodyWriter): boolean {
    return this.#arrivals.isProven(writer)
  }

  /** The digests of all bytes that the output was given, by those of `algorithms` that were computed. Call it once. */
  async digests<Name extends SentAlgorithm>(algorithms: Iterable<Name>): Promise<ReadonlyMap<Name, string>> {
    return this.#digests?.read(algorithms) ?? new Map()
  }

  /** Resolves when the output has taken `total` bytes. @throws what it failed with */
  async drain(total: number): Promise<void> {
    while (this.#failure === null && this.#pump.taken < total) await this.#moved.promise
    this.#throwIfFailed()
  }

  /** The output gets no more bytes. @param error what {@link drain} throws */
  fail(error: unknown): void {
    if (this.#failure !== null || this.#isClosed) return
    this.#failure = { error }
    this.close()
    this.#options.onFailure(error)
  }

  /** Drops all bytes that the output has not been given. Says whether what it has could be continued by a later answer. */
  close(): KeptBytes {
    const isLost = this.#version !== null && this.joinable === null && this.given > 0
    this.#isClosed = true
    this.#pump.stop()
    for (const writer of this.#arrivals.writers) writer.abandon()
    this.#moved.resolve()
    if (!isLost) return 'nothing'
    return this.#version?.validators.total === null ? 'unsized' : 'unproven'
  }

  get #roomEnd(): number {
    return this.#pump.taken + this.#options.buffer
  }

  /** Frees what the bytes have waited in. Call it after {@link close}. */
  async free(): Promise<void> {
    await this.#ring?.close()
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure.error
  }

  async #newRing(total: number): Promise<Ring> {
    const { buffer, bufferDirectory } = this.#options
    const size = Math.max(1, Math.min(buffer, total))
    return bufferDirectory === null ? new MemoryRing(size) : await FileRing.open(bufferDirectory, size)
  }

  #put(bytes: Buffer, position: number): Promise<void> | null {
    if (position < this.#pump.given)
      this.fail(new Error(`byte ${position} has come after the output was given it`))
    const there = this.#isClosed ? null : (this.#ring?.put(bytes, position) ?? null)
    there?.catch((error: unknown) => this.fail(error))
    return there
  }

  #give(): void {
    this.#arrivals.settle()
    if (this.#ring !== null) this.#pump.run(this.#ring, () => this.#arrivals.frontier)
  }

  #makeRoom(): void {
    if (this.#isClosed) return
    for (const writer of this.#arrivals.writers) writer.useRoom()
    this.#arrivals.settle()
    this.#moved.resolve()
    this.#moved = signalled()
    this.#options.onRoom()
  }
}

const UNPROVEN =
  'the server has answered from the first byte again, and nothing proves that this is the file of which bytes were written'
const USELESS = 'an answer contradicts what it announced, and bytes of it were written'
