// NAME.part.json on disk: replaced atomically, never torn.
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError, systemCode } from './errors.ts'
import { decodeJournal, encodeJournal, type JournalRecord } from './journal-format.ts'
import { openRegular } from './regular-file.ts'

/** Reads a journal; null where there is none that can be used. A link or anything but a file is refused. */
export async function loadJournal(path: string): Promise<JournalRecord | null> {
  try {
    const file = await openRegular(path, constants.O_RDONLY)
    try {
      return decodeJournal(await file.readFile('utf8'))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw fileError(error, path)
  }
}

/**
 * Writes a journal: a temporary file, flushed, renamed over the old one. The rename waits for `onDisk`: the data that
 * the record names. Where that fails the old journal stays.
 */
export async function saveJournal(path: string, record: JournalRecord, onDisk: Promise<void>): Promise<void> {
  const temporary = `${path}.tmp`
  const steps = await Promise.allSettled([onDisk, writeDraft(temporary, record)])
  try {
    for (const step of steps) if (step.status === 'rejected') throw step.reason
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw fileError(error, path)
  }
}

async function writeDraft(temporary: string, record: JournalRecord): Promise<void> {
  // Anew, so that no link which lies there is followed.
  await rm(temporary, { force: true })
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(encodeJournal(record))
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Removes a journal, for good: the directory is flushed too. */
export async function removeJournal(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
    await syncDirectory(dirname(path))
  } catch (error) {
    throw fileError(error, path)
  }
}

/** Makes renames and removals in a directory survive a power cut, where the system can. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // a directory cannot be opened there
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
