// Reads the small text files that a caller names: certificates, keys, passwords.
import { closeSync, openSync, readSync } from 'node:fs'
import { DownloadError, systemCode } from '../errors.ts'
import { isError } from '../is-error.ts'
import { inWords, shortageOf } from '../system-shortage.ts'

/** No such file is larger. */
const MAX_BYTES = 16 * 1024 * 1024

/** The words for errors of the system that happen. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
}

/**
 * Reads a file. It may be a pipe: `--key <(pass show key)`.
 * @param name what messages call it
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it cannot be read
 */
export function readGivenFile(path: string, name: string = path): Buffer {
  try {
    const chunks: Buffer[] = []
    const file = openSync(path, 'r')
    try {
      for (let length = 0; length <= MAX_BYTES; ) {
        const chunk = Buffer.alloc(64 * 1024)
        const read = readSync(file, chunk)
        if (read === 0) return Buffer.concat(chunks)
        chunks.push(chunk.subarray(0, read))
        length += read
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const shortage = shortageOf(error)
    const reason = REASONS[systemCode(error) ?? ''] ?? (isError(error) ? error.message : String(error))
    const code = shortage === null ? 'ERR_DOWNLOAD_USAGE' : 'ERR_DOWNLOAD_RESOURCES'
    const words = shortage === null ? reason : inWords(shortage)
    throw new DownloadError(code, `cannot read ${name}: ${words}`, { cause: error })
  }
  throw new DownloadError('ERR_DOWNLOAD_USAGE', `${name} is too large`)
}
