// Whether a name from outside is a path below the directory of a download. Pure.
import { safeName } from './file-name.ts'

/** Characters that a name may have, except on Windows. */
const HARMLESS = /[<>:"|?*]/g

/**
 * Why `path` is not a path below the directory of the download, each part of which is a name that a server could give as
 * well: not hidden, no option, no device, no state file. It completes a sentence about the path; null if it is one.
 */
export function reasonOutside(path: string, platform: NodeJS.Platform = process.platform): string | null {
  if (path === '') return 'is empty'
  if (path.startsWith('/') || path.startsWith('\\') || /^[a-z]:/i.test(path))
    return `${path} is not below the directory of the download; -d names that`
  for (const part of path.split('/')) {
    if (part === '..') return `${path} leads out of the directory of the download`
    const comparable = platform === 'win32' ? part : part.replace(HARMLESS, '_')
    const safe = safeName(part)
    // Both spellings of an accent are safe: a list that was made on macOS has the longer one.
    if (safe !== comparable.normalize())
      return `${path} has a name that is not safe; ${JSON.stringify(safe)} would be`
  }
  return null
}
