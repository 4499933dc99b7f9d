// The result of a download.

/** A finished download. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string
  /** Its size in bytes. */
  readonly size: number
  /** Its strong entity-tag, or null. */
  readonly etag: string | null
  /** Bytes that an earlier run had received. All bytes where the file existed already and had the checksum. */
  readonly resumed: number
  /**
   * What proves that the file is complete: a digest that was verified, or the length that the server announced. With
   * `'nothing'` the server only closed the connection.
   */
  readonly integrity: 'digest' | 'length' | 'nothing'
  /** The algorithm of the digest that was verified, or null. */
  readonly digest: 'sha-256' | 'sha-512' | null
  /** What is not certain because the file system or the server does not support it. Mostly empty. */
  readonly warnings: readonly string[]
}
