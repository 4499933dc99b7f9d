// NAME.part.json on disk: replaced atomically, never torn.
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError, systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { flushDirectory, flushFile } from '../files/flush.ts'
import { readSmallFile } from '../files/regular-file.ts'
import { decodeJournal, encodeJournal, type JournalRecord } from '../state/journal-format.ts'
import { temporaryPath } from '../state/temporary-names.ts'

/** Far more than any journal takes, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/** What lies where a journal should be. `'unproven'`: no run of this user has written it, or it is damaged. */
export type FoundJournal =
  | { readonly kind: 'none' | 'unproven' }
  | { readonly kind: 'proven'; readonly record: JournalRecord }

/** Reads a journal. A link or anything but a file is refused. */
export async function loadJournal(path: string, secret: Buffer): Promise<FoundJournal> {
  try {
    const text = await readSmallFile(path, MAX_BYTES)
    if (text === null) return { kind: 'none' }
    const record = decodeJournal(text, secret)
    return record === null ? { kind: 'unproven' } : { kind: 'proven', record }
  } catch (error) {
    throw fileError(error, path)
  }
}

/** What a journal is written with. */
export interface JournalSeal {
  readonly secret: Buffer
  /** Of the run that writes it: a draft has a name that it alone uses. */
  readonly token: string
  /** Resolves when the data that the record names is on the disk; null: it names none, and need not be flushed itself. */
  readonly onDisk: Promise<void> | null
  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` where another run has taken over; that takes the draft away, too */
  readonly assertHeld: () => Promise<void>
}

/**
 * Writes a journal: a temporary file, flushed, renamed over the old one. The rename waits for `onDisk`. Where that fails
 * the old journal stays.
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
    await rm(temporary, { force: true }).catch(() => undefined)
    throw fileError(error, path)
  }
}

async function writeDraft(temporary: string, text: string, durability: 'cached' | 'flushed'): Promise<void> {
  // A new file, so that no link which lies there is followed.
  await rm(temporary, { force: true })
  const file = await openFile(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    if (durability === 'flushed') await flushFile(file, 'data')
  } finally {
    await file.close()
  }
}

/** Removes a journal, for good: the directory is flushed too. */
export async function removeJournal(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
    await flushDirectory(dirname(path))
  } catch (error) {
    throw fileError(error, path)
  }
}
