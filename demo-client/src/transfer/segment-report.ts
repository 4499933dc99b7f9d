// What a caller learns about each answer.

/** One answer received in full: what was asked, what came. */
export interface SegmentReport {
  /** The Range field sent, or null where the whole file was asked for. */
  readonly range: string | null
  /** The status answered. */
  readonly status: number
  /** The Content-Range answered, or null. */
  readonly contentRange: string | null
  /** Bytes that this answer added. */
  readonly bytes: number
  /** Bytes of the file received so far, those of earlier runs included. */
  readonly received: number
  /** Size of the file in bytes, or null while it is unknown. */
  readonly total: number | null
}
