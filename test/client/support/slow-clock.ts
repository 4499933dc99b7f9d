import { join } from 'node:path'
import type { DownloadOptions } from 'range-get'
import { startDownload } from '#client/download.js'
import type { Clock } from '#client/files/direct-writes.js'
import { type End, endOf, QUICK } from './run.ts'

/** A clock that is a thousand times too slow. By this clock all bytes come fast. */
export const SLOW_CLOCK: Clock = { now: () => performance.now() / 1000 }

/** As `get()`, but the download goes by the slow clock. */
export async function getBySlowClock(url: string, dir: string, options: DownloadOptions = {}): Promise<End> {
  const destination = join(dir, 'file.bin')
  return await endOf(
    startDownload({ url, destination, options: { ...QUICK, ...options } }, { clock: SLOW_CLOCK }),
    destination,
  )
}
