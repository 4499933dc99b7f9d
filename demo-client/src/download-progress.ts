// Where a download stands, as its caller sees it.

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
  /** Bytes of the file received, those of earlier runs included. */
  readonly received: number
  /** Of these, how many an earlier run had received. */
  readonly resumed: number
  /** Size of the file, or null while it is unknown. */
  readonly total: number | null
  /** Bytes per second over the last seconds; resumed bytes and pauses do not count. */
  readonly speed: number
  /** Seconds left at this speed, or null where that cannot be told. */
  readonly eta: number | null
  /** Connections that are receiving. */
  readonly connections: number
  /** While `waiting`: milliseconds until the next attempt. Else 0. */
  readonly retryIn: number
  /** Why it is waiting or has started over; empty where there is nothing to tell. */
  readonly message: string
}
