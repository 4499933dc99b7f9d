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

/** A snapshot. Sizes in bytes. */
export interface DownloadProgress {
  /** What the download is doing. */
  readonly state: DownloadState
  /** Bytes of the file that have been received, including those of earlier runs. */
  readonly received: number
  /** How many of these an earlier run had received. */
  readonly resumed: number
  /** Size of the file, or null while it is unknown. */
  readonly total: number | null
  /** Bytes per second over the last seconds. Resumed bytes and pauses do not count. */
  readonly speed: number
  /** Seconds left at this speed, or null where that is unknown. */
  readonly eta: number | null
  /** Connections that are receiving. */
  readonly connections: number
  /** Milliseconds until the next attempt while the state is `waiting`. Otherwise 0. */
  readonly retryIn: number
  /** Why it is waiting or has started over. Otherwise empty. */
  readonly message: string
}
