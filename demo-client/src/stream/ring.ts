// Where bytes wait for an output: each has its place by its position in the file, and the places are used again.

/**
 * Holds up to a fixed number of consecutive bytes of a file. It never grows, whatever a server or a reader does. Nothing
 * says which bytes it holds: a caller puts only bytes for which there is room, and gets only bytes that it has put.
 */
export interface Ring {
  /** How many bytes of one body may be on their way to their places before its connection has to wait. */
  readonly underWay: number
  /** What to wait for while the bytes of a body have to wait for those of others, or null. */
  readonly backlog: Promise<void> | null
  /**
   * Puts `bytes` at their `position` in the file. Null: they are there. Otherwise they are when the promise resolves, and
   * until then their memory must stay as it is. Of two calls for one position, the later one counts.
   */
  put(bytes: Buffer, position: number): Promise<void> | null
  /** From `position` on, the bytes up to here lie in one piece. */
  pieceEnd(position: number): number
  /** Bytes of one piece. They are valid until others take their place, and until the next call. */
  get(start: number, end: number): Buffer | Promise<Buffer>
  /** Drops everything. What is put later is never there. */
  close(): Promise<void>
}
