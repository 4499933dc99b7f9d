// Where a transfer puts the bytes that it receives: a part file, or an output that takes them in order.
import type { Validators } from '../rules/validators.ts'
import type { Interval } from '../state/blocks.ts'
import type { Version } from '../state/journal-format.ts'
import type { Window } from '../state/window.ts'

/** Takes the bytes of one body, from one position on. */
export interface ByteWriter {
  /** Bytes that were pushed. */
  readonly length: number
  /** Accepts a chunk. Returns what to wait for before the next one, or null. */
  push(chunk: Buffer): Promise<void> | null
  /** Free space for the next bytes, which are then pushed without a copy. It is valid until the next `push()` or `reserve()`. */
  reserve(): Buffer
}

/** A version to begin. */
export interface BegunVersion extends Omit<Version, 'source'> {
  /** The URL of the mirror whose validators these are; missing or null if they are of the caller's URL. */
  readonly mirror?: string | null
}

/** What a transfer has to know of a store, and does with it. Writers that are handed to a store are its own. */
export interface ByteStore {
  /** What the user should know about the bytes of an earlier run. Mostly empty. */
  readonly notice: string
  /** The version of the received bytes; null while there are none. */
  readonly version: Version | null
  /** The validators of that version, if bytes of other answers can be proven to belong to it; otherwise null. */
  readonly joinable: Validators | null
  /** The bytes that have come. */
  readonly blocks: readonly Interval[]
  /** Their number, with those that are not yet written. */
  readonly received: number
  /** For which bytes there is room; null: for all. */
  readonly window: Window | null
  /** What to wait for while the disk or the reader of the output is behind, or null. The server is not to blame then. */
  readonly backlog: Promise<void> | null
  /** Can the bytes still be thrown away? Not if some have been given to an output. */
  readonly canStartOver: boolean
  /** Starts `version`, and forgets all other bytes. */
  begin(version: BegunVersion): Promise<void>
  /** From now on the version is known by these validators only. */
  narrow(validators: Validators): void
  /** Forgets all received bytes. */
  forget(): Promise<void>
  /** Starts a block at `start`. */
  write(start: number): ByteWriter
  /** Ends a block. It counts, unless `outcome` is `'drop'`. */
  end(writer: ByteWriter, outcome: 'keep' | 'drop'): Promise<void>
  /** The bytes of `writer` count only when it ends: a digest of all of them is yet to be compared. */
  markUnproven(writer: ByteWriter): void
  /** Do the bytes of `writer` count before it ends? */
  isProven(writer: ByteWriter): boolean
}
