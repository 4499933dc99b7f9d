// What a download ends with.

/** A finished download. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string
  /** Its size in bytes. */
  readonly size: number
  /** Its strong entity-tag, or null. */
  readonly etag: string | null
  /** Bytes taken over from an earlier run; all of them where the file was there and had its checksum. */
  readonly resumed: number
  /**
   * What proves that it is whole: a digest that was verified, the length the server announced, or, for
   * `'nothing'`, only that the server closed the connection.
   */
  readonly integrity: 'digest' | 'length' | 'nothing'
  /** The algorithm of that digest, or null. */
  readonly digest: 'sha-256' | 'sha-512' | null
  /** What the file system or the server does not offer, and what is therefore not certain; mostly empty. */
  readonly warnings: readonly string[]
}
