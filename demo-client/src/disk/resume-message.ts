// What an error message says about the bytes received: whether a later run can resume.
import { DownloadError, type DownloadErrorCode } from '../errors.ts'
import { adviceOn } from '../files/descriptors.ts'
import { shortageOf } from '../system-shortage.ts'

/** Whether a later run can resume from the disk. `null`: this run had not begun. */
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

/** Failures whose message says what is kept: the next run may succeed. */
const SAID: Readonly<Partial<Record<DownloadErrorCode, typeof FULL>>> = {
  ERR_DOWNLOAD_DISK_FULL: FULL,
  ERR_DOWNLOAD_RESOURCES: SHORT,
}

/** The error to throw instead of `error`: after an abort, a full disk or a shortage its message says what is kept. */
export function withKeptBytes(error: unknown, left: KeptBytes, signal: AbortSignal | null): unknown {
  if (signal?.aborted && error === signal.reason) {
    const message = left === null ? 'stopped' : STOPPED[left]
    return new DownloadError('ERR_DOWNLOAD_ABORTED', message, { cause: error })
  }
  const said = error instanceof DownloadError ? SAID[error.code] : undefined
  if (left === null || !(error instanceof DownloadError) || said === undefined) return error
  return new DownloadError(error.code, `${error.message}. ${said[left]}`, { cause: error.cause })
}

/** The error with advice about a shortage. Call it when all is closed: to read the limit needs a descriptor. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof DownloadError) || error.code !== 'ERR_DOWNLOAD_RESOURCES') return error
  const shortage = shortageOf(error)
  if (shortage === null) return error
  return new DownloadError(error.code, `${error.message}. ${adviceOn(shortage)}`, { cause: error.cause })
}
