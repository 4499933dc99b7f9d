import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Download, DownloadError, type DownloadOptions, type DownloadResult, download } from 'range-get'

/** Patience that suits tests: everything is on this machine. */
export const QUICK: DownloadOptions = {
  retryDelay: 10,
  maxRetryDelay: 200,
  stallTimeout: 500,
  connectTimeout: 2000,
}

/** How a download ended. */
export interface End {
  /** Its result, or the code it failed with. */
  result: DownloadResult | null
  code: string | null
  message: string
  /** What is under the final name, or null. */
  file: Buffer | null
}

/** Downloads into `dir`/file.bin and looks at what is there afterwards. */
export async function get(url: string, dir: string, options: DownloadOptions = {}): Promise<End> {
  const path = join(dir, 'file.bin')
  return await endOf(download(url, path, { ...QUICK, ...options }), path)
}

/** How a download into `path` ends, and what is there afterwards. */
export async function endOf(run: Download, path: string): Promise<End> {
  try {
    const result = await run.finished
    return { result, code: null, message: '', file: readOrNull(path) }
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error
    return { result: null, code: error.code, message: error.message, file: readOrNull(path) }
  }
}

/** A file's content, or null where there is none. */
export function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}

/** The names in a directory, sorted. */
export function names(dir: string): string[] {
  return readdirSync(dir).sort()
}
