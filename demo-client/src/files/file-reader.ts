// Reads large parts of a file, piece by piece.
import type { FileHandle } from 'node:fs/promises'
import { fileError } from '../errors.ts'
import type { Interval } from '../state/blocks.ts'

/** Bytes of a piece. */
const READ_SIZE = 1024 * 1024

/** Reads from an open file, which the caller closes. Every method throws a `DownloadError` of the file system's kind. */
export class FileReader {
  readonly #file: FileHandle
  readonly #path: string
  readonly #signal: AbortSignal | null

  /** `path` is for messages. `signal` ends the reading, with its reason. */
  constructor(file: FileHandle, { path, signal }: { path: string; signal: AbortSignal | null }) {
    this.#file = file
    this.#path = path
    this.#signal = signal
  }

  /** Passes each piece to `take` while the next one is being read. Returns the number of bytes. */
  async read({ start, end }: Interval, take: (bytes: Buffer) => void): Promise<number> {
    const size = Math.min(READ_SIZE, end - start)
    let [buffer, other] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
    let position = start
    let reading = this.#readAt(position, end, buffer)
    for (;;) {
      const bytes = await reading
      if (bytes.length === 0) return position - start
      position += bytes.length
      this.#signal?.throwIfAborted()
      reading = this.#readAt(position, end, other)
      reading.catch(() => undefined) // thrown when it is awaited, unless `take` throws first
      take(bytes)
      ;[buffer, other] = [other, buffer]
    }
  }

  /** Passes each piece to `write`, with its position in the file. */
  async copy(
    { start, end }: Interval,
    write: (bytes: Buffer, position: number) => Promise<void>,
  ): Promise<void> {
    let position = start
    for (let isMore = true; isMore; ) {
      const pieceEnd = Math.min(end, position + READ_SIZE)
      const bytes = await this.#readAt(position, pieceEnd, Buffer.allocUnsafe(pieceEnd - position))
      this.#signal?.throwIfAborted()
      await write(bytes, position)
      position += bytes.length
      isMore = bytes.length > 0 && position < end
    }
  }

  async #readAt(position: number, end: number, buffer: Buffer): Promise<Buffer> {
    const length = Math.min(buffer.length, end - position)
    if (length === 0) return buffer.subarray(0, 0)
    try {
      const { bytesRead } = await this.#file.read(buffer, 0, length, position)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      throw fileError(error, this.#path)
    }
  }
}
