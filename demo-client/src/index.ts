// What the library exports.
export type { CallerFields } from './caller/caller-fields.ts'
export type { ExpectedFile, PieceDigests } from './caller/expected-file.ts'
export type { Destination } from './disk/destination.ts'
export { download } from './download.ts'
export { downloadAll } from './download-all.ts'
export type { DownloadAllOptions } from './download-all-options.ts'
export type { Download } from './download-handle.ts'
export type { DownloadOptions, StreamOptions } from './download-options.ts'
export type { DownloadProgress, DownloadState } from './download-progress.ts'
export type { DownloadResult, StreamedResult } from './download-result.ts'
export type {
  DownloadAllProgress,
  DownloadAllResult,
  Downloads,
  FileOutcome,
  FileRequest,
} from './downloads.ts'
export { DownloadError, type DownloadErrorCode, type DownloadErrorDetails } from './errors.ts'
export { type Metalink, type MetalinkFile, type MetalinkOptions, readMetalink } from './read-metalink.ts'
export type { NodeWritable } from './stream/node-output.ts'
export type { OutputStream } from './stream/open-output.ts'
export type { WebWritable } from './stream/web-output.ts'
export type { SegmentReport } from './transfer/segment-report.ts'
export { type VerifiedFile, verifyFile } from './verify-file.ts'
