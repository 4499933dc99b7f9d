// The directory of the output: it is there, or it is made, before anything is written or asked for.
import { stat } from 'node:fs/promises'
import { DownloadError, fileError, systemCode } from '../errors.ts'
import { makeFolder } from '../files/make-folder.ts'

/** What to do if the directory is missing. */
export type MissingDirectory = 'refuse' | 'create'

/** As `mkdir -p` makes them. The umask of the process takes bits away. */
const MODE = 0o777

/**
 * Makes the directory `path` and its parents, if that is allowed. Several runs may do this at once.
 * @throws DownloadError `ERR_DOWNLOAD_UNWRITABLE` if it is missing, and must not or cannot be made, or is not a directory
 */
export async function prepareDirectory(path: string, missing: MissingDirectory): Promise<void> {
  const found = await stat(path).catch(systemCode)
  if (found !== null && typeof found === 'object' && !found.isDirectory())
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write to ${path}: it is not a directory`)
  if (found !== 'ENOENT') return // what else may be wrong is reported where the file is opened
  if (missing === 'refuse') {
    const advice = "--create-dirs (missingDirectory: 'create') makes it"
    throw new DownloadError(
      'ERR_DOWNLOAD_UNWRITABLE',
      `cannot write to ${path}: the directory does not exist. ${advice}`,
    )
  }
  await makeFolder(path, MODE).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw fileError(error, path)
    const reason = 'something that is not a directory has its name, such as a link that leads nowhere'
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write to ${path}: ${reason}`)
  })
}
