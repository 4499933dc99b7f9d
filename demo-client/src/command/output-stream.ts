// A standard stream that may stop taking output at any time: its reader leaves, its disk is full.
// One that was closed when this process began is no such case: Node.js has opened the null device in its place, which
// cannot be told from one that was meant, and no file of ours has gotten its number.
import { systemCode } from '../errors.ts'

/** Writes to a standard stream. After a failure nothing more is written, and nothing is thrown. */
export class OutputStream {
  readonly #stream: NodeJS.WriteStream
  readonly #onFailure: (code: string) => void
  #isBroken = false

  /** @param onFailure called once, with the code of the first failure, such as `EPIPE` */
  constructor(stream: NodeJS.WriteStream, onFailure: (code: string) => void = () => undefined) {
    this.#stream = stream
    this.#onFailure = onFailure
    stream.on('error', (error) => this.#fail(error))
  }

  /** Whether a write has failed. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Whether a reader is behind: more would only pile up in memory. */
  get isBehind(): boolean {
    return this.#stream.writableNeedDrain
  }

  /** Columns of the terminal, 0 where it does not say how many, or null where this is not one. */
  get columns(): number | null {
    return this.#stream.isTTY ? this.#stream.columns : null
  }

  write(text: string): void {
    if (this.#isBroken) return
    try {
      this.#stream.write(text)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Calls `listener` whenever the terminal's size changes, until the function returned is called. */
  onResize(listener: () => void): () => void {
    this.#stream.on('resize', listener)
    return () => this.#stream.off('resize', listener)
  }

  #fail(error: unknown): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#onFailure(systemCode(error) ?? String(error))
  }
}
