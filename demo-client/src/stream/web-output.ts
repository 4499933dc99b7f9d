// A WritableStream of the web as an output.
import { DownloadError } from '../errors.ts'
import { assertMethods, type OrderedOutput } from './ordered-output.ts'

/** What is needed of a WritableStream. */
export interface WebWritable {
  /** Does another writer have it? */
  readonly locked: boolean
  /** Takes it. */
  getWriter(): WebWriter
}

interface WebWriter {
  readonly closed: Promise<unknown>
  write(chunk: Uint8Array): Promise<void>
  close(): Promise<void>
  abort(reason: unknown): Promise<void>
}

/** Closes the stream when all is written and verified, and aborts it otherwise. */
export class WebOutput implements OrderedOutput {
  readonly name = 'the stream'
  readonly #writer: WebWriter

  constructor(stream: WebWritable) {
    if (stream.locked) throw new DownloadError('ERR_DOWNLOAD_USAGE', 'the stream is locked by another writer')
    this.#writer = stream.getWriter()
    assertMethods(this.#writer, ['write', 'close', 'abort'])
    assertMethods(this.#writer.closed, ['catch'])
  }

  open(onFailure: (error: unknown) => void): void {
    this.#writer.closed.catch(onFailure)
  }

  write(bytes: Buffer): Promise<void> {
    // A copy, because a stream may keep what it gets.
    return this.#writer.write(new Uint8Array(bytes))
  }

  async end(): Promise<void> {
    await this.#writer.close()
  }

  fail(error: unknown): void {
    this.#writer.abort(error).catch(() => undefined) // the stream has failed already
  }
}
