// Gives the bytes that wait to the output, one piece after the other.
import { type OrderedOutput, outputError } from './ordered-output.ts'
import type { Ring } from './ring.ts'

/** The most bytes that are given at once. */
const MAX_WRITE_BYTES = 1024 * 1024

/** What a pump needs, and what it reports to. */
export interface PumpContext {
  readonly output: OrderedOutput
  /** Called with each piece, in order. */
  readonly onBytes: (bytes: Buffer) => void
  /** Called when the output has taken a piece. */
  readonly onTaken: () => void
  readonly onFailure: (error: unknown) => void
}

/** Knows how far the output is. It gives each byte once: what was given cannot be taken back. */
export class OutputPump {
  readonly #context: PumpContext
  /** Bytes that the output has been given, or is about to be given. It has taken them, except those of the last piece. */
  #given = 0
  #written = 0
  #taken = 0
  #isRunning = false
  #isOver = false

  constructor(context: PumpContext) {
    this.#context = context
  }

  get given(): number {
    return this.#given
  }

  /** Bytes that the output may have, even if it has failed. */
  get written(): number {
    return this.#written
  }

  /** Bytes that it has taken. */
  get taken(): number {
    return this.#taken
  }

  /** Gives the bytes of `ring` up to `frontier()`, which may move up meanwhile. */
  run(ring: Ring, frontier: () => number): void {
    if (this.#isRunning || this.#isOver) return
    this.#isRunning = true
    void this.#run(ring, frontier)
  }

  /** Gives nothing more. */
  stop(): void {
    this.#isOver = true
  }

  async #run(ring: Ring, frontier: () => number): Promise<void> {
    try {
      for (let end = frontier(); end > this.#taken && !this.#isOver; end = frontier())
        await this.#give(ring, Math.min(end, this.#taken + MAX_WRITE_BYTES, ring.pieceEnd(this.#taken)))
    } catch (error) {
      this.#fail(error)
    } finally {
      // In the same turn in which the loop has found nothing more, so that no call of run() is missed.
      this.#isRunning = false
    }
  }

  /** Gives the next piece, up to `end`. */
  async #give(ring: Ring, end: number): Promise<void> {
    const { output, onBytes, onTaken } = this.#context
    // Before they are read, so that no other bytes can take their place.
    this.#given = end
    const found = ring.get(this.#taken, end)
    const bytes = found instanceof Promise ? await found : found
    if (this.#isOver) return
    this.#written = end
    const writing = output.write(bytes)
    onBytes(bytes) // while they are written
    await writing
    this.#taken = end
    onTaken()
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#context.onFailure(outputError(error, this.#context.output))
  }
}
