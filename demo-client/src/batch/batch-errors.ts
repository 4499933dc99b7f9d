// How many downloads together end, if they do not all end well. Pure.
import { DownloadError } from '../errors.ts'
import { isError } from '../is-error.ts'

/** The caller's signal has stopped all files. */
export function stoppedError(done: number, cause: unknown): DownloadError {
  const message = `stopped after ${filesOf(done)}; run again to go on`
  return new DownloadError('ERR_DOWNLOAD_ABORTED', message, { cause })
}

/** The list threw while it was read. */
export function unreadableError(cause: unknown): DownloadError {
  const reason = isError(cause) ? `: ${cause.message}` : ''
  return new DownloadError('ERR_DOWNLOAD_USAGE', `the list of files cannot be read${reason}`, { cause })
}

/** How many files have ended, and whether there are more that were not begun. */
export interface Counts {
  readonly failed: number
  readonly done: number
  readonly isStopped: boolean
}

/** Some files failed, the one at `url` first. */
export function failedError(
  url: string,
  error: DownloadError,
  { failed, done, isStopped }: Counts,
): DownloadError {
  const others = isStopped ? ', and no further ones were begun' : ''
  const message = `${failed} of ${filesOf(failed + done)} failed${others}. The first: ${url}: ${error.message}`
  const status = error.statusCode === undefined ? {} : { statusCode: error.statusCode }
  return new DownloadError(error.code, message, { cause: error, ...status })
}

/** `1 file`, `5 files` */
function filesOf(count: number): string {
  return `${count} ${count === 1 ? 'file' : 'files'}`
}
