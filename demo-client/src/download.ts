// Starts downloads: the handle that a caller gets runs by itself, as `download-run.ts` says.
import type { Destination } from './disk/destination.ts'
import { NO_OTHERS } from './disk/taken-paths.ts'
import type { Download } from './download-handle.ts'
import type { AnyOptions, DownloadOptions, StreamOptions } from './download-options.ts'
import type { DownloadParts, DownloadRequest } from './download-parts.ts'
import type { DownloadResult, StreamedResult } from './download-result.ts'
import { DownloadRun } from './download-run.ts'
import { ONLY_URL } from './http/target.ts'
import { nodeClient } from './node-transport.ts'
import type { OutputStream } from './stream/open-output.ts'

/**
 * Starts to download `url` into a stream: a Writable of Node.js, or a WritableStream. The bytes are written in order, each
 * once, while several connections fetch ahead. When all are written and verified, the stream is ended. After a failure
 * it is destroyed (or aborted) with the error, because what was written is not the file: so the end of the stream says
 * that all is right. `process.stdout` and `process.stderr` stay open. Nothing is kept on the disk, so nothing is resumed
 * later. A file that changes on the server after bytes were written ends the download with `ERR_DOWNLOAD_CHANGED`.
 */
export function download(
  url: string | URL,
  stream: OutputStream,
  options?: StreamOptions,
): Download<StreamedResult>
/**
 * Starts to download `url`. The file gets its name only when it is complete and verified. Until then the bytes are in
 * `PATH.part`, and the next call with the same URL (or `resumeKey`) and path resumes there. Wrong options are reported
 * through `finished`, too.
 */
export function download(url: string | URL, destination: Destination, options?: DownloadOptions): Download
export function download(
  url: string | URL,
  destination: Destination | OutputStream,
  options: AnyOptions = {},
): Download<DownloadResult | StreamedResult> {
  return startDownload({ url, destination, options })
}

/** As {@link download}, with other parts. */
export function startDownload(
  request: DownloadRequest & { readonly destination: Destination },
  parts?: Partial<DownloadParts>,
): Download
export function startDownload(
  request: DownloadRequest,
  parts?: Partial<DownloadParts>,
): Download<DownloadResult | StreamedResult>
export function startDownload(
  request: DownloadRequest,
  parts: Partial<DownloadParts> = {},
): Download<DownloadResult | StreamedResult> {
  const usual = { createClient: nodeClient, clock: performance, rateLimit: null, onBytes: () => undefined }
  return new DownloadRun(request, { ...usual, secrets: ONLY_URL, holder: NO_OTHERS, ...parts })
}
