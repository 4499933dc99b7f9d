// What a run that was killed, or frozen, has left of a download under names that only it used.
import { lstat, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { unlessShort } from '../errors.ts'
import { exists } from '../files/free-name.ts'
import { isToken } from '../state/run-token.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { type TemporaryName, temporaryPath } from '../state/temporary-names.ts'
import { restorePart } from './final-name.ts'
import { loadJournal, removeJournal } from './journal.ts'
import type { Lock } from './lock.ts'
import { removeLeftPlaceholder } from './placeholder.ts'
import { isFileOf, removeStale, temporariesIn } from './stale-files.ts'

/** A state whose lock is held. */
export interface LockedState {
  readonly paths: StatePaths
  readonly lock: Lock
  /** The key of journals. */
  readonly secret: Buffer
}

/**
 * Takes back what runs before have left: their complete file becomes the part file again, their drafts go, and so does the
 * empty file under the final name, and a journal without a part file. If one was only frozen, what it does to them fails from now on.
 */
export async function cleanUp(state: LockedState): Promise<void> {
  const { paths, lock, secret } = state
  const found = await loadJournal(paths.journal, secret).catch(unlessShort(null, paths.journal))
  const writer = found?.kind === 'proven' ? found.record.writer : null
  const { predecessor } = lock
  const known = [predecessor?.owner?.token ?? '', writer ?? ''].filter(isToken)
  for (const token of new Set([...known, ...(await earlierRuns(state))])) await removeFilesOf(token, paths)
  await removeStaleLockDrafts(state)
  await removeLeftPlaceholder(paths, secret)
  // A kill between a journal and its part file, or when the part file has become the finished one.
  const isOrphan = found?.kind === 'proven' && found.record.name === basename(paths.part)
  if (isOrphan && !(await exists(paths.part))) await removeJournal(paths.journal)
}

/**
 * Removes what is left of runs that asked for a lock in this folder, got none, and were killed. They did not need one for
 * it: only that they have ended makes it safe.
 */
export async function removeStaleLockDrafts({ paths, secret }: Omit<LockedState, 'lock'>): Promise<void> {
  const folder = dirname(paths.lock)
  const own = await lstat(paths.lock).catch(() => null) // it has been touched within the last seconds
  if (own === null) return
  const found = (await temporariesIn(folder, secret)).filter(isOfLock)
  await removeStale(found, { folder, key: secret, user: own.uid, now: own.mtimeMs })
}

function isOfLock({ file }: TemporaryName): boolean {
  return file.endsWith('.part.lock')
}

/**
 * The runs that have left something which only the holder of this lock makes. That they hold it no more is certain: their
 * names were read before the lock was looked at, and a run that takes it from this one has another name.
 */
async function earlierRuns({ paths, lock, secret }: LockedState): Promise<string[]> {
  const files = [basename(paths.part), basename(paths.journal)]
  const found = await temporariesIn(dirname(paths.part), secret)
  const tokens = found.filter(({ file, token }) => files.includes(file) && token !== lock.token)
  if (tokens.length > 0) await lock.assertHeld()
  return tokens.map(({ token }) => token)
}

/** Removes what only the run with this token used, except the bytes of its complete file. */
async function removeFilesOf(token: string, { part, journal, lock }: StatePaths): Promise<void> {
  if (await isFileOf(temporaryPath(part, 'done', token), null)) await restorePart(part, token)
  for (const file of [part, journal, lock]) {
    const path = temporaryPath(file, 'new', token)
    if (await isFileOf(path, null)) await rm(path, { force: true }).catch(() => undefined)
  }
}
