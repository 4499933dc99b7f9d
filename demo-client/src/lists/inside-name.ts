// The names that a list gives to files. A list may come from a stranger, so a name must stay below the directory. Pure.
import { DownloadError } from '../errors.ts'
import { safeName } from '../state/file-name.ts'

/** Characters that a name may have, except on Windows. */
const HARMLESS = /[<>:"|?*]/g

/**
 * Asserts that a name of a list is a path below the directory of the download, each part of which is a name that a server
 * could give as well: not hidden, no option, no device, no state file.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function assertInside(path: string, platform: NodeJS.Platform = process.platform): void {
  if (path === '') throw refused('out= is empty')
  if (path.startsWith('/') || path.startsWith('\\') || /^[a-z]:/i.test(path))
    throw refused(`out=${path} is not below the directory of the download; -d names that`)
  for (const part of path.split('/')) {
    if (part === '..') throw refused(`out=${path} leads out of the directory of the download`)
    const comparable = platform === 'win32' ? part : part.replace(HARMLESS, '_')
    const safe = safeName(part)
    if (safe !== comparable)
      throw refused(`out=${path} has a name that is not safe; ${JSON.stringify(safe)} would be`)
  }
}

function refused(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
