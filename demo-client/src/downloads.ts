// Many downloads together, as their caller sees them.
import type { ExpectedFile } from './caller/expected-file.ts'
import type { Destination } from './disk/destination.ts'
import type { DownloadProgress } from './download-progress.ts'
import type { DownloadResult } from './download-result.ts'
import type { DownloadError } from './errors.ts'

/** One of many files. It may have more properties, which come back in its {@link FileOutcome}. */
export interface FileRequest {
  /** As for `download()`. */
  readonly url: string | URL
  /** As for `download()`. */
  readonly destination: Destination
  /** The digest that this file must have; see `DownloadOptions`. */
  readonly checksum?: string | undefined
  /** See `DownloadOptions`. */
  readonly expected?: ExpectedFile | undefined
  /**
   * The URL of a document that names this file. Then `url` gets what a redirect from there would get: of another origin,
   * only the harmless ones of `headers`, no certificate, and of a netrc file its own entry, over https. A URL without an
   * origin, such as `about:blank`, is for a document that did not come from a server.
   */
  readonly namedBy?: string | URL | undefined
  /** See `DownloadOptions`. */
  readonly resumeKey?: string | undefined
  /** See `DownloadOptions`. */
  readonly mirrors?: readonly (string | URL)[] | undefined
}

/** What became of one file: `result` or `error` is null. */
export type FileOutcome<T extends FileRequest = FileRequest> =
  | { readonly file: T; readonly result: DownloadResult; readonly error: null }
  | { readonly file: T; readonly result: null; readonly error: DownloadError }

/** How far all files together are. Sizes in bytes, times in milliseconds. */
export interface DownloadAllProgress<T extends FileRequest = FileRequest> {
  /** How many files there are; null while the list is not read to its end. */
  readonly files: number | null
  /** Files that are complete. */
  readonly done: number
  /** Files that failed. */
  readonly failed: number
  /** Bytes that are there, including those of earlier runs. */
  readonly received: number
  /** The probable size of all files, or null while there is nothing to estimate it from. */
  readonly total: number | null
  /** Bytes per second over the last seconds, of all files; null until half a second has been measured. */
  readonly speed: number | null
  /** Milliseconds left at this speed, or null where that is unknown. */
  readonly eta: number | null
  /** The files under way, in the order in which they began. */
  readonly underWay: readonly { readonly file: T; readonly progress: DownloadProgress }[]
}

/** The end of many downloads, none of which failed. */
export interface DownloadAllResult {
  /** How many files there are. */
  readonly files: number
  /** Their size in bytes. */
  readonly size: number
  /** Milliseconds until the last of them had its name. */
  readonly duration: number
}

/** Many running downloads. Iterate to get what became of each file, in the order in which they end. */
export interface Downloads<T extends FileRequest = FileRequest> extends AsyncIterable<FileOutcome<T>> {
  /**
   * Resolves when every file is complete. If some failed, it rejects when all others have ended, with the code of the first
   * failure.
   */
  readonly finished: Promise<DownloadAllResult>
  /** How far they are. */
  readonly progress: DownloadAllProgress<T>
  /** Receives no more bytes, and begins no file. */
  pause(): void
  /** Goes on after `pause()`. */
  resume(): void
}
