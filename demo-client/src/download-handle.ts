// What the caller of a download holds.
import type { DownloadProgress } from './download-progress.ts'
import type { DownloadResult, StreamedResult } from './download-result.ts'

/** A running download. Iterate over it for progress, and await `finished` for the end. */
export interface Download<Result extends DownloadResult | StreamedResult = DownloadResult>
  extends AsyncIterable<DownloadProgress> {
  /** Resolves when the file is complete, verified and has its name, or when the stream has ended. @throws DownloadError */
  readonly finished: Promise<Result>
  /** The newest progress. */
  readonly progress: DownloadProgress
  /** Receives no more bytes, except the end of a segment that is almost complete. */
  pause(): void
  /** Goes on after `pause()`. */
  resume(): void
}
