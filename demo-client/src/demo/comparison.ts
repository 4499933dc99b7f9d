// The files that the demo compares: the one on the server, read without range-get, and the downloaded one.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { adviceOn } from '../files/descriptors.ts'
import { DownloadError } from '../index.ts'
import { inWords, shortageOf } from '../system-shortage.ts'
import { statusName } from '../text/status-name.ts'

/** The file on the server. */
export interface Source {
  readonly sha256: string
  /** In bytes. */
  readonly size: number
}

/** Reads the whole file in one GET. @throws DownloadError */
export async function readSource(url: URL, stop: AbortSignal): Promise<Source> {
  const hash = createHash('sha256')
  let size = 0
  try {
    const response = await fetch(url, { headers: { 'accept-encoding': 'identity' }, signal: stop })
    if (!response.ok) {
      await response.body?.cancel()
      const reason = `the server answered ${statusName(response.status)} for ${url.pathname}`
      throw new DownloadError('ERR_DOWNLOAD_HTTP', reason, { statusCode: response.status })
    }
    for await (const chunk of response.body ?? []) {
      hash.update(chunk)
      size += chunk.length
    }
  } catch (error) {
    if (error instanceof DownloadError) throw error
    if (stop.aborted) throw stopped(error)
    assertNotShort(error)
    throw new DownloadError('ERR_DOWNLOAD_NETWORK', `cannot reach ${url.origin}`, { cause: error })
  }
  return { sha256: hash.digest('hex'), size }
}

/** The SHA-256 of the file at `path`, or null if it does not exist. @throws DownloadError */
export async function sha256Of(path: string, stop: AbortSignal): Promise<string | null> {
  try {
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      return await hashOf(file, stop)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (stop.aborted) throw stopped(error)
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    assertNotShort(error)
    const reason = error instanceof Error ? error.message : String(error)
    throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `cannot read ${path}: ${reason}`, { cause: error })
  }
}

async function hashOf(file: FileHandle, stop: AbortSignal): Promise<string> {
  if (!(await file.stat()).isFile()) throw new Error('it is not a regular file')
  const hash = createHash('sha256')
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    stop.throwIfAborted()
    hash.update(chunk)
  }
  return hash.digest('hex')
}

/** @throws DownloadError `ERR_DOWNLOAD_RESOURCES` for a shortage */
function assertNotShort(error: unknown): void {
  const shortage = shortageOf(error)
  if (shortage === null) return
  const message = `${inWords(shortage)}. ${adviceOn(shortage)}`
  throw new DownloadError('ERR_DOWNLOAD_RESOURCES', message, { cause: error })
}

function stopped(cause: unknown): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_ABORTED', 'stopped', { cause })
}
