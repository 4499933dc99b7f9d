// Verifies a file on the disk, without any request.
import { resolve } from 'node:path'
import { followSignal } from './caller/caller-signal.ts'
import { assertSignal, assertType } from './caller/check-arguments.ts'
import { DownloadError, fileError, systemCode } from './errors.ts'
import { digestOf } from './files/file-digest.ts'
import { parseChecksum } from './rules/checksum.ts'
import { shortageOf } from './system-shortage.ts'

/** A file that has its digest. */
export interface VerifiedFile {
  /** Where it is. */
  readonly path: string
  /** Its size in bytes. */
  readonly size: number
  /** The algorithm of the digest. */
  readonly digest: 'sha-256' | 'sha-512'
}

/**
 * Reads a file and compares its digest. Nothing is downloaded or changed.
 * @param path of the file
 * @param checksum as the option of `download()`
 * @param options a signal that ends the reading
 * @throws DownloadError `ERR_DOWNLOAD_DIGEST` if the file has another digest, is missing or cannot be read;
 * `ERR_DOWNLOAD_USAGE` for arguments that are missing or wrong
 */
export async function verifyFile(
  path: string,
  checksum: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<VerifiedFile> {
  assertGiven('path', path)
  assertGiven('checksum', checksum)
  assertSignal(signal)
  const full = resolve(path)
  const { algorithm, value } = parseChecksum(checksum)
  const stop = followSignal(signal ?? null)
  try {
    const { digest, size } = await digestOf(full, { algorithm, signal: stop.signal })
    if (digest === value) return { path: full, size, digest: algorithm }
    throw new DownloadError('ERR_DOWNLOAD_DIGEST', `${full} has another ${algorithm} digest`)
  } catch (error) {
    if (stop.signal.aborted) throw new DownloadError('ERR_DOWNLOAD_ABORTED', 'stopped', { cause: error })
    throw notVerified(full, error)
  } finally {
    stop.forget()
  }
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if a string is missing */
function assertGiven(name: string, value: unknown): void {
  if (value === undefined) throw new DownloadError('ERR_DOWNLOAD_USAGE', `${name} is missing`)
  assertType(name, value, 'string')
}

function notVerified(path: string, error: unknown): DownloadError {
  if (error instanceof DownloadError && error.code !== 'ERR_DOWNLOAD_UNWRITABLE') return error
  if (error instanceof DownloadError)
    return new DownloadError('ERR_DOWNLOAD_DIGEST', `${path} is not a regular file`, { cause: error })
  if (shortageOf(error) !== null) return fileError(error, path)
  const code = systemCode(error)
  const reason = code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? String(error)})`
  return new DownloadError('ERR_DOWNLOAD_DIGEST', `${path} ${reason}`, { cause: error })
}
