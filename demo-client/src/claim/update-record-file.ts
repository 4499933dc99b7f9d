// The record of `--update` on disk, `.NAME.range-get`. A file of that name that is not proven to be from a run of ours is
// never touched.
//
// A record is never deleted before the file that it is about: it says by itself whether it is about the file that is there.
// So a kill leaves the old or the new file, and a record that is true for it, or one that no run believes.
import { type BigIntStats, constants } from 'node:fs'
import { lstat, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unlessShort } from '../errors.ts'
import { digestOf } from '../files/file-digest.ts'
import { fileIdOf } from '../files/file-id.ts'
import { moveToFree } from '../files/free-name.ts'
import { openRegular, readUpTo } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import {
  decodeRecord,
  encodeRecord,
  type FileMark,
  isSameMark,
  type UpdateRecord,
} from '../state/update-record.ts'
import { writeDraft } from './journal-file.ts'

/** Far more than any record needs. */
const MAX_BYTES = 256 * 1024

/** A proven record, and when it was written, in ns since 1970 by the clock of the file system. */
export interface FoundRecord {
  readonly record: UpdateRecord
  readonly written: bigint
}

/** What is at the path of a record. */
export type RecordAt = { readonly kind: 'nothing' | 'foreign' } | ({ readonly kind: 'proven' } & FoundRecord)

/** Reads what is at the path of a record. @throws DownloadError `ERR_DOWNLOAD_RESOURCES` */
export async function loadRecord(path: string, secret: Buffer): Promise<RecordAt> {
  if ((await lstat(path).catch(() => null)) === null) return { kind: 'nothing' }
  return await readRecord(path, secret).catch(unlessShort<RecordAt>({ kind: 'foreign' }, path))
}

async function readRecord(path: string, secret: Buffer): Promise<RecordAt> {
  const file = await openRegular(path, constants.O_RDONLY)
  try {
    const { mtimeNs } = await file.stat({ bigint: true })
    const text = (await readUpTo(file, MAX_BYTES))?.toString('utf8') ?? ''
    const record = decodeRecord(text, secret)
    return record === null ? { kind: 'foreign' } : { kind: 'proven', record, written: mtimeNs }
  } finally {
    await file.close()
  }
}

/** The mark of a file in `folder`. */
export async function markOf(stats: BigIntStats, folder: string): Promise<FileMark> {
  const { size, mtimeNs, ctimeNs } = stats
  const id = await fileIdOf(stats, folder)
  return { size: Number(size), modified: String(mtimeNs), changed: String(ctimeNs), id }
}

/** The mark of the file at `path`; null without a file. */
export async function markAt(path: string): Promise<FileMark | null> {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  return stats?.isFile() === true ? await markOf(stats, dirname(path)) : null
}

/**
 * The mark of the file at `path` if its content is what the record is about; otherwise null. If the mark has changed (the file was
 * copied, or has another mode), its digest decides. It also decides if the file was last changed in the same moment in which
 * the record was written: clocks of file systems are coarse, so a change after the record could have the same mark.
 */
export async function markIfRecorded(
  path: string,
  { record, written }: FoundRecord,
  signal: AbortSignal | null,
): Promise<FileMark | null> {
  const mark = await markAt(path)
  if (mark === null || mark.size !== record.mark.size) return null
  if (isSameMark(mark, record.mark) && BigInt(mark.changed) < written) return mark
  const found = await digestOf(path, { algorithm: 'sha-256', signal }).catch(unlessShort(null, path))
  signal?.throwIfAborted()
  return found?.digest === record.sha256 && (await isStillMarked(path, mark)) ? mark : null
}

/** Has the file at `path` still this mark? */
export async function isStillMarked(path: string, mark: FileMark): Promise<boolean> {
  const now = await markAt(path)
  return now !== null && isSameMark(now, mark)
}

/** What the writing of a record needs. */
export interface RecordSeal {
  readonly secret: Buffer
  /** A path in the same file system that only this run uses, and that later runs clean up. */
  readonly draft: string
}

/**
 * Replaces the record at `path` in one step. Null: removes it.
 * @returns whether that was possible: not if a file of another origin has the name
 */
export async function saveRecord(
  path: string,
  record: UpdateRecord | null,
  { secret, draft }: RecordSeal,
): Promise<boolean> {
  const { kind } = await loadRecord(path, secret)
  if (kind === 'foreign') return false
  if (record === null) {
    if (kind === 'proven') await removeFile(path)
    return true
  }
  try {
    await writeDraft(draft, encodeRecord(record, secret), 'flushed')
    if (kind === 'nothing') return (await moveToFree(draft, path)) !== 'taken'
    await rename(draft, path)
    return true
  } finally {
    await removeFile(draft).catch(() => undefined)
  }
}
