// A standard stream that may fail at any time, because its reader ends or its disk is full.
// If it was closed when this process started, Node.js has opened the null device in its place. This looks the same as output
// to the null device, and no file of ours gets its number.
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

  /** Whether the reader is behind, so that more output would only fill memory. */
  get isBehind(): boolean {
    return this.#stream.writableNeedDrain
  }

  /** Columns of the terminal; 0 if it does not report them; null if this is not a terminal. */
  get columns(): number | null {
    return this.#stream.isTTY ? this.#stream.columns : null
  }

  /** Rows of the terminal; 0 if it does not report them. */
  get rows(): number {
    return this.#stream.isTTY ? this.#stream.rows : 0
  }

  write(text: string): void {
    if (this.#isBroken) return
    try {
      this.#stream.write(text)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Calls `listener` whenever the terminal's size changes, until the returned function is called. */
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
