// The names that a list gives to files. A list may come from a stranger, so a name must stay below the directory. Pure.
import { DownloadError } from '../errors.ts'
import { reasonOutside } from '../state/inside-name.ts'

/**
 * Asserts that a name of a list is a path below the directory of the download: see {@link reasonOutside}.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function assertInside(path: string, platform: NodeJS.Platform = process.platform): void {
  const reason = reasonOutside(path, platform)
  if (reason === null) return
  const message = path === '' ? `out= ${reason}` : `out=${reason}`
  throw new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
