// What of a file has been received: finished blocks, and those that are being written.
import { addBlock, type Block, byteCount } from '../state/blocks.ts'
import type { BlockWriter } from './block-writer.ts'

/** The bytes that a download has so far. */
export class Received {
  readonly #writers = new Set<BlockWriter>()
  #finished: readonly Block[] = []
  /** Blocks of these writers are not yet proven: they stay out of the journal. */
  readonly unproven: WeakSet<BlockWriter> = new WeakSet<BlockWriter>()

  /** All blocks, as far as they are written. */
  get blocks(): readonly Block[] {
    return this.#with(() => true)
  }

  /** Those that may be recorded. */
  get proven(): readonly Block[] {
    return this.#with((writer) => !this.unproven.has(writer))
  }

  /** Bytes, those not yet written included. */
  get bytes(): number {
    let bytes = byteCount(this.#finished)
    for (const writer of this.#writers) bytes += writer.length
    return bytes
  }

  /** Those who write. */
  get writers(): readonly BlockWriter[] {
    return [...this.#writers]
  }

  add(writer: BlockWriter): void {
    this.#writers.add(writer)
  }

  /** A writer has ended: its block counts, or not. False where it did not write any more. */
  end(writer: BlockWriter, outcome: 'keep' | 'drop'): boolean {
    if (!this.#writers.delete(writer)) return false
    if (outcome === 'keep') this.#finished = addBlock(this.#finished, writer.block)
    return true
  }

  /** From now on these are the finished blocks. */
  reset(blocks: readonly Block[]): void {
    this.#finished = blocks
  }

  #with(isIncluded: (writer: BlockWriter) => boolean): readonly Block[] {
    return this.writers
      .filter(isIncluded)
      .reduce<readonly Block[]>((blocks, writer) => addBlock(blocks, writer.block), this.#finished)
  }
}
