// The progress of a download, for its caller.

/** What a download is doing. */
export type DownloadState =
  | 'starting'
  | 'checking'
  | 'downloading'
  | 'waiting'
  | 'paused'
  | 'verifying'
  | 'finished'
  | 'failed'

/** A snapshot. Sizes in bytes, times in milliseconds. */
export interface DownloadProgress {
  /** What the download is doing. */
  readonly state: DownloadState
  /**
   * Where the file will be. Until the server answers, it may still choose another name. Null for a stream, and for wrong
   * options.
   */
  readonly path: string | null
  /** Bytes of the file that have been received, including those of earlier runs. */
  readonly received: number
  /** How many of these an earlier run had received. */
  readonly resumed: number
  /** Size of the file, or null while it is unknown. */
  readonly total: number | null
  /**
   * Bytes per second over the last seconds, or null until half a second has been measured. 0 in a silence. Resumed bytes
   * do not count, and neither does the time of a pause or an outage.
   */
  readonly speed: number | null
  /** Milliseconds left at this speed, or null where that is unknown. */
  readonly eta: number | null
  /** Connections that are receiving. */
  readonly connections: number
  /** Milliseconds until the next attempt while the state is `waiting`. Otherwise 0. */
  readonly retryIn: number
  /** The number of that attempt, from 2, and from the last progress. 0 while the state is not `waiting`. */
  readonly attempt: number
  /** How many attempts there are without progress before the download fails. 0 while the state is not `waiting`. */
  readonly attempts: number
  /** Why it is waiting, has started over, or fetches a part again. Otherwise empty. */
  readonly message: string
}
