// Loads modules that few downloads need, when they are needed.
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { DownloadError, systemCode } from '../errors.ts'
import { isError } from '../is-error.ts'
import { inWords, shortageOf } from '../system-shortage.ts'
import { withDescriptor } from './descriptors.ts'

/** Those that are freed here can be taken by calls of the file system that wait for a thread: there are four. */
const RESERVE = 6

/** What Node.js reports if it cannot open a file of a package. */
const NOT_FOUND: ReadonlySet<string> = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_INVALID_PACKAGE_CONFIG'])

/**
 * Loads a module. Node.js takes a file that it has no descriptor for as missing, and remembers that for as long as the process
 * lives: so descriptors must be free before it looks.
 * @throws DownloadError `ERR_DOWNLOAD_RESOURCES` if there are none within a second, or if the module is missing
 */
export async function loadModule<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await withDescriptor(() => {
      reserve()
      return load()
    })
  } catch (error) {
    const shortage = shortageOf(error)
    const isMissing = isError(error) && NOT_FOUND.has(systemCode(error) ?? '')
    if (shortage === null && !isMissing) throw error
    const reason =
      shortage === null
        ? `${isError(error) ? error.message : ''}. Install it again, or raise the limit of open files (ulimit -n)`
        : inWords(shortage)
    throw new DownloadError('ERR_DOWNLOAD_RESOURCES', `cannot load a part of range-get: ${reason}`, {
      cause: error,
    })
  }
}

/** @throws the system's error if fewer descriptors are free */
function reserve(): void {
  const opened: number[] = []
  try {
    while (opened.length < RESERVE) opened.push(openSync(devNull, 'r'))
  } finally {
    for (const each of opened) closeSync(each)
  }
}
