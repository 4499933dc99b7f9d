// What the library exports.
export type { CallerFields } from './caller/caller-fields.ts'
export type { Destination } from './disk/destination.ts'
export { type Download, download } from './download.ts'
export type { DownloadProgress, DownloadState } from './download-progress.ts'
export type { DownloadResult } from './download-result.ts'
export { DownloadError, type DownloadErrorCode, type DownloadErrorDetails } from './errors.ts'
export type { DownloadOptions } from './options.ts'
export type { SegmentReport } from './transfer/segment-report.ts'
