import { DownloadError } from '../errors.ts'

/** What is wrong with a document, as the end of a sentence that begins with its name. */
export function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
