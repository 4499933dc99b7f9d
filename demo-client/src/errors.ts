import { constants } from 'node:os'
import { isError } from './is-error.ts'
import { inWords, shortageOf } from './system-shortage.ts'

/**
 * Why a download failed. The set is closed and part of the API.
 *
 * - `ERR_DOWNLOAD_USAGE`: an option, the URL or the path cannot be used
 * - `ERR_DOWNLOAD_NETWORK`: no connection, resets, stalls or DNS failures until no retries were left, or a proxy that
 *   refuses
 * - `ERR_DOWNLOAD_TLS`: the server's certificate is not trusted, or TLS could not be set up; the message says which
 * - `ERR_DOWNLOAD_HTTP`: the server answered with the error in `statusCode`
 * - `ERR_DOWNLOAD_CHANGED`: the file kept changing on the server while it was fetched
 * - `ERR_DOWNLOAD_PROTOCOL`: the answers of the server contradict the request, or each other
 * - `ERR_DOWNLOAD_DIGEST`: the bytes do not match a digest that was given or sent
 * - `ERR_DOWNLOAD_DISK_FULL`: no space, a quota or a file size limit
 * - `ERR_DOWNLOAD_UNWRITABLE`: the file system refuses to write: permissions, a missing directory, an obstacle
 * - `ERR_DOWNLOAD_BUSY`: another process is downloading to the same file, or another file of `downloadAll()` has the same name
 * - `ERR_DOWNLOAD_EXISTS`: the file exists, and the options do not allow to replace it
 * - `ERR_DOWNLOAD_RESOURCES`: the process or the system has no file descriptor or memory left
 * - `ERR_DOWNLOAD_ABORTED`: the signal was aborted; the message says whether the download can be resumed
 */
export type DownloadErrorCode =
  | 'ERR_DOWNLOAD_USAGE'
  | 'ERR_DOWNLOAD_NETWORK'
  | 'ERR_DOWNLOAD_TLS'
  | 'ERR_DOWNLOAD_HTTP'
  | 'ERR_DOWNLOAD_CHANGED'
  | 'ERR_DOWNLOAD_PROTOCOL'
  | 'ERR_DOWNLOAD_DIGEST'
  | 'ERR_DOWNLOAD_DISK_FULL'
  | 'ERR_DOWNLOAD_UNWRITABLE'
  | 'ERR_DOWNLOAD_BUSY'
  | 'ERR_DOWNLOAD_EXISTS'
  | 'ERR_DOWNLOAD_RESOURCES'
  | 'ERR_DOWNLOAD_ABORTED'

/** What a {@link DownloadError} has beside its message. */
export interface DownloadErrorDetails {
  /** The error that caused this one, if any. */
  cause?: unknown
  /** The HTTP status, for `ERR_DOWNLOAD_HTTP`. */
  statusCode?: number
}

/** The only error class. `code` says which failure it is. The message says what happened and what to do. */
export class DownloadError extends Error {
  /** Which failure this is, for programs to compare. */
  readonly code: DownloadErrorCode
  /** The HTTP status of the answer, for `ERR_DOWNLOAD_HTTP`. Otherwise undefined. */
  readonly statusCode: number | undefined

  /**
   * @param code which failure it is
   * @param message in English; what happened and what to do
   * @param details the cause, and the status
   */
  constructor(code: DownloadErrorCode, message: string, details: DownloadErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'DownloadError'
    this.code = code
    this.statusCode = details.statusCode
  }
}

/** The code of one of Node's system errors, such as `ENOSPC`. Null for any other error. */
export function systemCode(error: unknown): string | null {
  if (!isError(error) || !('code' in error) || typeof error.code !== 'string') return null
  if (!error.code.startsWith('Unknown system error') || !('errno' in error)) return error.code
  // Node.js has no names for a used-up quota and for files that a server no longer knows, but the system has.
  const named = Object.entries(constants.errno).find(([, number]) => number === -Number(error.errno))
  return named?.[0] ?? error.code
}

const DISK_FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the file system or the process limit allows',
}

/** What helps against `EFBIG`. Space does not. */
const LARGER = 'Raise the limit (ulimit -f) or choose another file system,'

const REFUSED: Readonly<Record<string, string>> = {
  ENOENT: 'the directory does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  EISDIR: 'a directory is in the way',
  ESTALE: 'the server of the file system no longer knows the file',
  ELOOP: 'a symbolic link is in the way',
  ENAMETOOLONG: 'the name is too long',
}

/** Turns a failure of the file system into a {@link DownloadError} that names the file and the reason. */
export function fileError(error: unknown, path: string): DownloadError {
  if (error instanceof DownloadError) return error
  const shortage = shortageOf(error)
  if (shortage !== null) {
    const message = `cannot use ${path}: ${inWords(shortage)}`
    return new DownloadError('ERR_DOWNLOAD_RESOURCES', message, { cause: error })
  }
  const code = systemCode(error) ?? ''
  const full = DISK_FULL[code]
  if (full !== undefined) {
    return new DownloadError(
      'ERR_DOWNLOAD_DISK_FULL',
      `cannot write ${path}: ${full} (${code}). ${code === 'EFBIG' ? LARGER : 'Free some space'} and run again`,
      { cause: error },
    )
  }
  const reason = REFUSED[code] ?? (isError(error) ? error.message : String(error))
  const suffix = code === '' ? '' : ` (${code})`
  return new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${path}: ${reason}${suffix}`, {
    cause: error,
  })
}

/**
 * For `catch`: a failure means `value`. A shortage does not, because it says nothing about what is at `path`.
 * @throws DownloadError `ERR_DOWNLOAD_RESOURCES`
 */
export function unlessShort<T>(value: T, path: string): (error: unknown) => T {
  return (error) => {
    if (shortageOf(error) !== null) throw fileError(error, path)
    return value
  }
}

/** For `catch`: a shortage means `value`. Any other failure is thrown. */
export function ifShort<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (shortageOf(error) === null) throw error
    return value
  }
}

/** The message of a {@link DownloadError}. Another error is a fault of this program, and is thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof DownloadError) return error.message
  throw error
}
