// The report on each answer, for the caller.

/** One answer that has been received: what was asked for, and what came. */
export interface SegmentReport {
  /** The Range field that was sent, or null where the whole file was asked for. */
  readonly range: string | null
  /** The status of the answer. */
  readonly status: number
  /** The Content-Range of the answer, or null. */
  readonly contentRange: string | null
  /** Bytes that this answer added. */
  readonly bytes: number
  /** Bytes of the file that have been received, including those of earlier runs. */
  readonly received: number
  /** Size of the file in bytes, or null while it is unknown. */
  readonly total: number | null
}
