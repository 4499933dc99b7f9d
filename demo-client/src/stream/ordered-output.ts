// What takes the bytes of a file, one after the other.
import { fileError } from '../errors.ts'

/** An output. It gets each byte once, in order. */
export interface OrderedOutput {
  /** What it is called in messages. */
  readonly name: string
  /** Begins. `onFailure` is called if the output fails while nothing is written. */
  open(onFailure: (error: unknown) => void): void
  /** Resolves when the output has taken `bytes`. Their memory is used again then. */
  write(bytes: Buffer): Promise<void>
  /** All bytes were written, and are what they should be. Resolves when the output has finished. */
  end(): Promise<void>
  /** No more bytes come, because of `error`: what was written is not the whole file, or is wrong. */
  fail(error: unknown): void
}

/** A failure of an output, with the code of a download: a full disk, or something else. */
export function outputError(error: unknown, { name }: Pick<OrderedOutput, 'name'>): Error {
  return fileError(error, name)
}

/** @throws TypeError if one of `names` is not a method: the caller has given something that only looks like a stream */
export function assertMethods<Stream extends object>(stream: Stream, names: readonly (keyof Stream)[]): void {
  const missing = names.find((name) => typeof stream[name] !== 'function')
  if (missing !== undefined) throw new TypeError(`it has no ${String(missing)}()`)
}
