// What the message of a download that ended early says of what was received.
import { DownloadError, type DownloadErrorCode } from '../errors.ts'
import { adviceOn } from '../files/descriptors.ts'
import { shortageOf } from '../shortage.ts'

/** Can a later run go on from what lies on the disk? `null`: this one had not begun. */
export type KeptBytes = 'resumable' | 'nothing' | null

const STOPPED: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'stopped; what was received can be resumed',
  nothing: 'stopped; nothing was received that a later run can resume',
}

const FULL: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'What was received is kept',
  nothing: 'What was received cannot be resumed, and is not kept',
}

const SHORT: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'What was received is kept',
  nothing: 'Nothing was received that a later run can resume',
}

/** Failures that say what is left: the next run may well succeed. */
const SAID: Readonly<Partial<Record<DownloadErrorCode, typeof FULL>>> = {
  ERR_DOWNLOAD_DISK_FULL: FULL,
  ERR_DOWNLOAD_RESOURCES: SHORT,
}

/** The error to throw in place of `error`: the reason of an aborted `signal`, a full disk and a shortage say what is left. */
export function withKeptBytes(error: unknown, left: KeptBytes, signal: AbortSignal | null): unknown {
  if (signal?.aborted && error === signal.reason) {
    const message = left === null ? 'stopped' : STOPPED[left]
    return new DownloadError('ERR_DOWNLOAD_ABORTED', message, { cause: error })
  }
  const said = error instanceof DownloadError ? SAID[error.code] : undefined
  if (left === null || !(error instanceof DownloadError) || said === undefined) return error
  return new DownloadError(error.code, `${error.message}. ${said[left]}`, { cause: error.cause })
}

/** The error with what to do about a shortage. Called when all is closed: to know the limit takes a descriptor. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof DownloadError) || error.code !== 'ERR_DOWNLOAD_RESOURCES') return error
  const shortage = shortageOf(error)
  if (shortage === null) return error
  return new DownloadError(error.code, `${error.message}. ${adviceOn(shortage)}`, { cause: error.cause })
}
