// The blocks of a file that have been received: finished ones, and those that are being written.
import { addBlock, type Block, byteCount } from '../state/blocks.ts'
import type { BlockWriter } from './block-writer.ts'

/** The bytes that a download has so far. */
export class ReceivedBlocks {
  readonly #writers = new Set<BlockWriter>()
  #finished: readonly Block[] = []
  /** Writers whose blocks stay out of the journal. */
  readonly #unproven = new WeakSet<BlockWriter>()

  /** All blocks, as far as they are written. */
  get blocks(): readonly Block[] {
    return this.#with(() => true)
  }

  /** Those that may be recorded. */
  get proven(): readonly Block[] {
    return this.#with((writer) => this.isProven(writer))
  }

  /** Bytes, those not yet written included. */
  get bytes(): number {
    let bytes = byteCount(this.#finished)
    for (const writer of this.#writers) bytes += writer.length
    return bytes
  }

  /** The writers that have not ended. */
  get writers(): readonly BlockWriter[] {
    return [...this.#writers]
  }

  /** Counts what `writer` writes from now on. */
  add(writer: BlockWriter): void {
    this.#writers.add(writer)
  }

  /** The block of `writer` may not be recorded before a digest proves it. */
  markUnproven(writer: BlockWriter): void {
    this.#unproven.add(writer)
  }

  /** May the block of `writer` be recorded while it is written? */
  isProven(writer: BlockWriter): boolean {
    return !this.#unproven.has(writer)
  }

  /** Ends a writer, and keeps its block or drops it. False if it had ended before. */
  end(writer: BlockWriter, outcome: 'keep' | 'drop'): boolean {
    if (!this.#writers.delete(writer)) return false
    if (outcome === 'keep') this.#finished = addBlock(this.#finished, writer.block)
    return true
  }

  /** Replaces the finished blocks. */
  reset(blocks: readonly Block[]): void {
    this.#finished = blocks
  }

  #with(isIncluded: (writer: BlockWriter) => boolean): readonly Block[] {
    return this.writers
      .filter(isIncluded)
      .reduce<readonly Block[]>((blocks, writer) => addBlock(blocks, writer.block), this.#finished)
  }
}
