// The result of a download.

/** A finished download to a stream, which has all bytes. Sizes in bytes, times in milliseconds. */
export interface StreamedResult extends Omit<DownloadResult, 'path' | 'outcome'> {
  /** There is no file. */
  readonly path: null
  /** The file was fetched. */
  readonly outcome: 'downloaded'
}

/** A finished download. Sizes in bytes, times in milliseconds. */
export interface DownloadResult {
  /** Where the file is. */
  readonly path: string
  /**
   * `'unchanged'`: the file was there already and was not changed. With `existing: 'update'` the server still has the same
   * version, and with a `checksum` it is the file that was asked for.
   */
  readonly outcome: 'downloaded' | 'unchanged'
  /** Its size in bytes. */
  readonly size: number
  /** Its strong entity-tag, or null. Null also if a digest has joined bytes of several servers. */
  readonly etag: string | null
  /** Bytes that an earlier run had received. All bytes where the file existed already and had the checksum. */
  readonly resumed: number
  /** How long the download was at work: until the file had its name, without pauses and without waits for attempts. */
  readonly duration: number
  /** Average bytes per second of what this run received, over the time in which it was receiving. 0 if that is nothing. */
  readonly speed: number
  /**
   * What proves that the file is complete: the `checksum` option, a digest that the server sent, or the length that it
   * announced. With `'undamaged'` the server sent only values that find damage (md5, sha-1, a CRC): they prove nothing
   * against an attacker. With `'nothing'` the server only closed the connection.
   */
  readonly integrity: 'checksum' | 'digest' | 'undamaged' | 'length' | 'nothing'
  /** The algorithm of the digest that was verified, or null. Of several, the strongest. */
  readonly digest: 'sha-256' | 'sha-512' | 'sha-1' | 'md5' | 'crc64nvme' | 'crc32c' | 'crc32' | null
  /**
   * What is not certain because the file system or the server does not support it; and each mirror that was not used, or
   * not to the end. Mostly empty.
   */
  readonly warnings: readonly string[]
}
