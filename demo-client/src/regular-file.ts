// Opens a regular file, and nothing else that somebody may have put under its name.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { DownloadError } from './errors.ts'

// O_NONBLOCK: opening a FIFO must not wait for who is at its other end. Windows has neither flag.
const CAREFUL = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Opens a file; the caller closes it.
 * @param flags of `constants` in `node:fs`
 * @throws the system's error, also for a link; DownloadError where anything else but a file is there
 */
export async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, flags | CAREFUL, 0o666)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot write ${path}: it is not a regular file`)
}
