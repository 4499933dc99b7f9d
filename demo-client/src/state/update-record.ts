// The text of the record that `--update` keeps about a finished file: which version it is, and how to know that it is still
// that file. Pure.
import type { SentAlgorithm } from '../rules/digest.ts'
import type { Validators } from '../rules/validators.ts'
import type { FileId } from './journal-format.ts'
import { openSealed, sealText } from './sealed-text.ts'

/** What the file system says about a file. It differs after any change of the content. */
export interface FileMark {
  /** In bytes. */
  readonly size: number
  /** When its content was last written, in ns since 1970. */
  readonly modified: string
  /** When anything of it was last changed, in ns since 1970. No program can set this. */
  readonly changed: string
  /** Null if the file system has no stable inodes. */
  readonly id: FileId | null
}

/** What is recorded. */
export interface UpdateRecord {
  /** The name of the file, without its directory, because that may be moved. */
  readonly name: string
  /** See `sealedKey`. */
  readonly key: string
  readonly mark: FileMark
  /** The sha-256 of its content, in base64. It still proves the content if the file was copied or moved. */
  readonly sha256: string
  /** What the server said about this version. `total` is the size of the file. */
  readonly validators: Validators
  /** What proved the file when it was downloaded; see `DownloadResult`. */
  readonly integrity: 'checksum' | 'digest' | 'undamaged' | 'length' | 'nothing'
  readonly digest: SentAlgorithm | null
}

const FORMAT = 'range-get record 1'

/** The record as text. */
export function encodeRecord(record: UpdateRecord, secret: Buffer): string {
  return sealText(JSON.stringify(record), { format: FORMAT, secret })
}

/** The record of a text; null if no run of this user wrote it, or if it is damaged or of another version of the format. */
export function decodeRecord(text: string, secret: Buffer): UpdateRecord | null {
  const body = openSealed(text, { format: FORMAT, secret })
  // The proof says that this version of the format was written by {@link encodeRecord}.
  return JSON.parse(body ?? 'null') as UpdateRecord | null
}

/** Do both marks say the same? */
export function isSameMark(a: FileMark, b: FileMark): boolean {
  const isSameFile = a.id?.inode === b.id?.inode && a.id?.born === b.id?.born
  return isSameFile && a.size === b.size && a.modified === b.modified && a.changed === b.changed
}
