// The journal on disk, NAME.part.json: it is replaced in one step, so that it is always complete.
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError, systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { flushDirectory, flushFile } from '../files/flush.ts'
import { readSmallFile } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import { decodeJournal, encodeJournal, type JournalRecord } from '../state/journal-format.ts'
import { temporaryPath } from '../state/temporary-names.ts'

/** Far more than any journal needs. */
const MAX_BYTES = 4 * 1024 * 1024

/** What is at the path of a journal. `'unproven'`: a file that no run of this user wrote, or a damaged one. */
export type FoundJournal =
  | { readonly kind: 'none' | 'unproven' }
  | { readonly kind: 'proven'; readonly record: JournalRecord }

/** Reads a journal. A link, or anything but a file, is refused. */
export async function loadJournal(path: string, secret: Buffer): Promise<FoundJournal> {
  try {
    const found = await readSmallFile(path, MAX_BYTES)
    if (found.kind === 'none') return { kind: 'none' }
    const record = found.kind === 'read' ? decodeJournal(found.text, secret) : null
    return record === null ? { kind: 'unproven' } : { kind: 'proven', record }
  } catch (error) {
    throw fileError(error, path)
  }
}

/** What the writing of a journal needs. */
export interface JournalSeal {
  readonly secret: Buffer
  /** The token of the writing run, so that only this run uses the name of the draft. */
  readonly token: string
  /** Resolves when the recorded bytes are on the disk. Null: no bytes are recorded, and the journal is not flushed. */
  readonly onDisk: Promise<void> | null
  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` if another run has taken over; that run also removes the draft */
  readonly assertHeld: () => Promise<void>
}

/**
 * Writes a journal to a temporary file, flushes it, and renames it over the old one. The rename waits for `onDisk`. If
 * anything fails, the old journal stays.
 */
export async function saveJournal(path: string, record: JournalRecord, seal: JournalSeal): Promise<void> {
  const temporary = temporaryPath(path, 'new', seal.token)
  const steps = await Promise.allSettled([
    seal.onDisk,
    writeDraft(temporary, encodeJournal(record, seal.secret), seal.onDisk === null ? 'cached' : 'flushed'),
  ])
  try {
    for (const step of steps) if (step.status === 'rejected') throw step.reason
    await seal.assertHeld()
    await rename(temporary, path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') await seal.assertHeld()
    await removeFile(temporary).catch(() => undefined)
    throw fileError(error, path)
  }
}

/** Writes a new file at a path that only this run uses. */
export async function writeDraft(
  temporary: string,
  text: string,
  durability: 'cached' | 'flushed',
): Promise<void> {
  // A new file, so that a link at this path is not followed.
  await removeFile(temporary)
  const file = await openFile(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    if (durability === 'flushed') await flushFile(file, 'data')
  } finally {
    await file.close()
  }
}

/** Removes a journal, and unless `'cached'` flushes the directory, so that a power cut does not bring it back. */
export async function removeJournal(
  path: string,
  durability: 'cached' | 'flushed' = 'flushed',
): Promise<void> {
  try {
    await removeFile(path)
    if (durability === 'flushed') await flushDirectory(dirname(path))
  } catch (error) {
    throw fileError(error, path)
  }
}
