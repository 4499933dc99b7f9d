/** How many connections there are, and how much each fetches at once. */
export interface SchedulePolicy {
  readonly connections: number
  /** Bytes in a segment; null: chosen. */
  readonly segmentSize: number | null
}
