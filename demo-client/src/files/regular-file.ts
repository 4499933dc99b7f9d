// Opens a regular file, and refuses anything else under its name.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { DownloadError, systemCode } from '../errors.ts'
import { openFile } from './descriptors.ts'

// O_NONBLOCK: opening a FIFO must not wait for its other end. Windows has neither flag.
const SAFE_OPEN_FLAGS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Opens a file; the caller closes it.
 * @param flags of `constants` in `node:fs`
 * @throws the system's error, also for a link; DownloadError if anything else but a file is there
 */
export async function openRegular(path: string, flags: number): Promise<FileHandle> {
  return (await openChecked(path, flags)).file
}

interface OpenedFile {
  readonly file: FileHandle
  /** In bytes. */
  readonly size: number
}

async function openChecked(path: string, flags: number): Promise<OpenedFile> {
  const file = await openFile(path, flags | SAFE_OPEN_FLAGS, 0o666)
  const stats = await file.stat()
  if (stats.isFile()) return { file, size: stats.size }
  await file.close()
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${path}: it is not a regular file`)
}

/** The content of a file, or null if it is longer than `maxBytes`. */
export async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer | null> {
  return await readAll({ file, size: (await file.stat()).size }, maxBytes)
}

async function readAll({ file, size }: OpenedFile, maxBytes: number): Promise<Buffer | null> {
  const buffer = Buffer.alloc(Math.min(maxBytes, size) + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
    length += bytesRead
    if (length > maxBytes) return null
    // One byte more was asked for, so a read that ends at this size has met the end of the file.
    if (bytesRead === 0 || length === size || length === buffer.length) return buffer.subarray(0, length)
  }
}

/** What is at the path of a small file. `'too-long'`: a file that is not one of ours. */
export type SmallFile =
  | { readonly kind: 'none' | 'too-long' }
  | { readonly kind: 'read'; readonly text: string }

/** Reads a file of at most `maxBytes`. @throws as {@link openRegular} */
export async function readSmallFile(path: string, maxBytes: number): Promise<SmallFile> {
  try {
    const opened = await openChecked(path, constants.O_RDONLY)
    try {
      const bytes = await readAll(opened, maxBytes)
      return bytes === null ? { kind: 'too-long' } : { kind: 'read', text: bytes.toString('utf8') }
    } finally {
      await opened.file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { kind: 'none' }
    throw error
  }
}
