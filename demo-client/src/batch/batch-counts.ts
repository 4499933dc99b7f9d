// How far many downloads together are. Pure.
import type { DownloadProgress } from '../download-progress.ts'

/** How many files have ended, and their bytes. */
export interface EndedFiles {
  readonly done: number
  readonly failed: number
  /** The size of those that are done. */
  readonly doneBytes: number
  /** The bytes of those that failed, as far as they were received. */
  readonly failedBytes: number
}

/** The numbers of all files together. */
export interface BatchNumbers {
  /** Bytes that are there, including those of earlier runs. */
  readonly received: number
  /** What all files together probably have. Null while there is nothing to estimate it from. */
  readonly total: number | null
  /** Milliseconds left, or null where that is unknown. */
  readonly eta: number | null
}

/**
 * Adds up files that have ended and files that are under way. Those that have not begun are taken to be as large as the
 * others are on average. `files` is null while the list is not read to its end.
 */
export function batchNumbers(
  ended: EndedFiles,
  underWay: readonly DownloadProgress[],
  { files, speed }: { readonly files: number | null; readonly speed: number | null },
): BatchNumbers {
  let received = ended.doneBytes + ended.failedBytes
  let sizes = ended.doneBytes
  let sized = ended.done
  for (const { received: bytes, total } of underWay) {
    received += bytes
    if (total === null) continue
    sizes += total
    sized++
  }
  const unsized = files === null ? null : files - ended.failed - sized
  if (unsized === null || (sized === 0 && unsized > 0)) return { received, total: null, eta: null }
  const average = sized === 0 ? 0 : sizes / sized
  const total = Math.max(received, Math.round(ended.failedBytes + sizes + unsized * average))
  const isMoving = speed !== null && speed > 0
  return { received, total, eta: isMoving ? (1000 * (total - received)) / speed : null }
}
