// What the message of a download that ended early says of what was received.
import { DownloadError } from './errors.ts'

/** Can a later run go on from what lies on the disk? `null`: this one had not begun. */
export type Leftover = 'resumable' | 'nothing' | null

const STOPPED: Readonly<Record<Leftover & string, string>> = {
  resumable: 'stopped; what was received can be resumed',
  nothing: 'stopped; nothing was received that a later run can resume',
}

const FULL: Readonly<Record<Leftover & string, string>> = {
  resumable: 'What was received is kept',
  nothing: 'What was received cannot be resumed, and is not kept',
}

/** The error to throw in place of `error`: the reason of an aborted `signal` and a full disk say what is left. */
export function withLeftover(error: unknown, left: Leftover, signal: AbortSignal | null): unknown {
  if (signal?.aborted && error === signal.reason) {
    const message = left === null ? 'stopped' : STOPPED[left]
    return new DownloadError('ERR_DOWNLOAD_ABORTED', message, { cause: error })
  }
  if (left === null || !(error instanceof DownloadError) || error.code !== 'ERR_DOWNLOAD_DISK_FULL')
    return error
  return new DownloadError(error.code, `${error.message}. ${FULL[left]}`, { cause: error.cause })
}
