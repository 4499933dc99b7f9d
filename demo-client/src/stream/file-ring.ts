// Bytes that wait for an output in a temporary file.
import type { FileHandle } from 'node:fs/promises'
import { DownloadError, fileError } from '../errors.ts'
import { freeSpace } from '../files/free-space.ts'
import { tracked, waitFor } from '../files/hanging-calls.ts'
import { openUnnamed } from '../files/unnamed-file.ts'
import { formatSize } from '../text/quantities.ts'
import type { Ring } from './ring.ts'
import { type Signalled, signalled } from './signalled.ts'

/** The most pieces that are written at once. */
const MAX_WRITTEN_PIECES = 64
/** A file system that does not answer must not keep a program from ending. */
const CLOSE_LIMIT_MS = 5000

/** A piece that is to be written. */
interface Piece {
  readonly bytes: Buffer
  /** In the file. */
  readonly at: number
  /** Called when it is written, and those before it, or with why it is not. */
  readonly settle: (error: Error | null) => void
}

/**
 * The file has no name, so nothing of it stays, even after `kill -9`. It is never larger than the ring. Pieces are written
 * one after the other, in the order in which they were put: one that is dropped on its way cannot replace a later one.
 */
export class FileRing implements Ring {
  readonly underWay: number = 1024 * 1024
  readonly #file: FileHandle
  readonly #name: string
  readonly #size: number
  readonly #pieces: Piece[] = []
  #unwrittenBytes = 0
  #isWriting = false
  #isClosed = false
  /** Nothing is written after it. */
  #failure: Error | null = null
  #written: Signalled = signalled()
  #read: Buffer | null = null

  private constructor(file: FileHandle, { name, size }: { name: string; size: number }) {
    this.#file = file
    this.#name = name
    this.#size = size
  }

  /**
   * Opens one below `directory`.
   * @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` if there is less space than `size`, otherwise `ERR_DOWNLOAD_UNWRITABLE`
   */
  static async open(directory: string, size: number): Promise<FileRing> {
    const name = `a temporary file in ${directory}`
    try {
      const file = await openUnnamed(directory)
      const ring = new FileRing(file, { name, size })
      await assertRoom(directory, size).catch(async (error: unknown) => {
        await ring.close()
        throw error
      })
      return ring
    } catch (error) {
      throw fileError(error, name)
    }
  }

  get backlog(): Promise<void> | null {
    return this.#unwrittenBytes >= this.underWay ? this.#written.promise : null
  }

  put(bytes: Buffer, position: number): Promise<void> {
    const at = position % this.#size
    const first = bytes.subarray(0, this.#size - at)
    const second = bytes.subarray(first.length)
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null): void => (error === null ? resolve() : reject(error))
      this.#add(first, at, second.length === 0 ? settle : () => undefined)
      if (second.length > 0) this.#add(second, 0, settle)
    })
  }

  pieceEnd(position: number): number {
    return position - (position % this.#size) + this.#size
  }

  async get(start: number, end: number): Promise<Buffer> {
    const length = end - start
    if (this.#read === null || this.#read.length < length) this.#read = Buffer.allocUnsafeSlow(length)
    const bytes = this.#read.subarray(0, length)
    for (let done = 0; done < length; ) {
      const count = await this.#readSome(bytes.subarray(done), (start % this.#size) + done)
      if (count === 0) throw new Error(`${this.#name} has become shorter`)
      done += count
    }
    return bytes
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const limits = { limit: CLOSE_LIMIT_MS, signal: null, name: this.#name }
    await waitFor(this.#file.close(), limits).catch(() => undefined) // nothing in it is needed any more
  }

  async #readSome(into: Buffer, at: number): Promise<number> {
    try {
      const { bytesRead } = await tracked(this.#file.read(into, 0, into.length, at))
      return bytesRead
    } catch (error) {
      throw fileError(error, this.#name)
    }
  }

  #add(bytes: Buffer, at: number, settle: Piece['settle']): void {
    if (this.#failure !== null) {
      settle(this.#failure)
      return
    }
    this.#unwrittenBytes += bytes.length
    this.#pieces.push({ bytes, at, settle })
    if (!this.#isWriting) void this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#pieces.length > 0 && !this.#isClosed) {
      const pieces = this.#nextPieces()
      try {
        await this.#write(pieces)
        for (const { settle } of pieces) settle(null)
      } catch (error) {
        this.#failure = fileError(error, this.#name)
        for (const { settle } of [...pieces, ...this.#pieces.splice(0)]) settle(this.#failure)
      }
    }
    this.#isWriting = false
  }

  /** The oldest pieces, as far as they lie one behind the other. */
  #nextPieces(): readonly Piece[] {
    const isNext = (piece: Piece, index: number): boolean => {
      const before = this.#pieces[index - 1]
      return before === undefined || piece.at === before.at + before.bytes.length
    }
    const gap = this.#pieces.slice(0, MAX_WRITTEN_PIECES).findIndex((piece, index) => !isNext(piece, index))
    return this.#pieces.splice(0, gap === -1 ? MAX_WRITTEN_PIECES : gap)
  }

  async #write(pieces: readonly Piece[]): Promise<void> {
    let rest = without(
      pieces.map(({ bytes }) => bytes),
      0,
    )
    for (let at = pieces[0]?.at ?? 0; rest.length > 0; ) {
      const { bytesWritten } = await tracked(this.#file.writev([...rest], at))
      if (bytesWritten === 0) throw new Error('nothing was written')
      at += bytesWritten
      this.#unwrittenBytes -= bytesWritten
      rest = without(rest, bytesWritten)
    }
    this.#written.resolve()
    this.#written = signalled()
  }
}

/** @throws DownloadError `ERR_DOWNLOAD_DISK_FULL` */
async function assertRoom(directory: string, bytes: number): Promise<void> {
  const free = (await freeSpace(directory)) ?? bytes
  if (bytes <= free) return
  const sizes = `${formatSize(bytes)} are needed, ${formatSize(bytes - free)} more than are free`
  const message = `not enough disk space in ${directory} for bytes that wait for the output: ${sizes}. Use a smaller buffer`
  throw new DownloadError('ERR_DOWNLOAD_DISK_FULL', message)
}

/** `buffers` without their first `count` bytes, and without empty ones. */
function without(buffers: readonly Buffer[], count: number): readonly Buffer[] {
  const rest: Buffer[] = []
  let left = count
  for (const buffer of buffers) {
    if (left < buffer.length) rest.push(buffer.subarray(left))
    left = Math.max(0, left - buffer.length)
  }
  return rest
}
