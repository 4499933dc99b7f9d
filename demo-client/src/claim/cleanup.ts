// Cleans up what a killed or frozen run has left of a download, under names that only that run used.
import { lstat, rename } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileError, systemCode, unlessShort } from '../errors.ts'
import { fileIdOf, isSameFileId } from '../files/file-id.ts'
import { exists } from '../files/free-name.ts'
import { removeFile } from '../files/remove-file.ts'
import { isToken } from '../state/run-token.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { type TemporaryName, temporaryPath } from '../state/temporary-names.ts'
import type { StateNames } from '../state/untouched.ts'
import { restorePart } from './final-name.ts'
import { folderNames } from './folder-names.ts'
import { type FoundJournal, loadJournal, removeJournal } from './journal-file.ts'
import type { Lock } from './lock.ts'
import { isOwnToken } from './lock-owner.ts'
import { removeLeftPlaceholder } from './placeholder.ts'
import { isFileOf, provenOf, removeStale, temporariesIn } from './stale-files.ts'

const LOCK_END = '.part.lock'

/** A state whose lock is held. */
export interface LockedState {
  readonly paths: StatePaths
  readonly lock: Lock
  /** The key of journals. */
  readonly secret: Buffer
}

/**
 * Cleans up after earlier runs. Their complete file becomes the part file again. Their drafts, their placeholder and a
 * journal without a part file are removed. If such a run was only frozen, its operations on these files fail from now on.
 */
export async function cleanUp(state: LockedState): Promise<void> {
  const { paths, lock, secret } = state
  const found = await loadJournal(paths.journal, secret).catch(unlessShort(null, paths.journal))
  const writer = found?.kind === 'proven' ? found.record.writer : null
  const { predecessor } = lock
  const known = [predecessor?.owner?.token ?? '', writer ?? ''].filter(isToken)
  // Without a lock that was left, all that a run had under one is gone.
  const folder = dirname(paths.part)
  const temporaries =
    predecessor === null
      ? provenOf((await folderNames.of(folder))?.names.temporaries ?? [], secret)
      : await temporariesIn(folder, secret)
  for (const token of new Set([...known, ...(await earlierRuns(state, temporaries))])) {
    if (found?.kind === 'proven') await adoptJournal(token, state)
    await removeFilesOf(token, paths)
  }
  await removeStaleDrafts(state, temporaries)
  if (found?.kind === 'proven') await removeLeftPlaceholder(paths, secret)
  // A run was killed between writing the journal and the part file, or after the part file became the finished one.
  const isOrphan = found?.kind === 'proven' && found.record.name === basename(paths.part)
  // Or between removing the journal and the flush of that: later runs rely on it.
  const isGone = found?.kind === 'none' && predecessor !== null
  if (isGone || (isOrphan && !(await exists(paths.part)))) await removeJournal(paths.journal)
}

/**
 * Removes the lock drafts of runs in this folder that were killed before they got a lock. This needs no lock of theirs: it
 * is safe because those runs have ended. `names`: those in the folder that state may have; null if it cannot be read.
 */
export async function removeStaleLockDrafts(
  state: Omit<LockedState, 'lock'>,
  names: StateNames | null,
): Promise<void> {
  // To prove a name takes time, and in a folder of many downloads most names are of other drafts.
  const ofLocks = names?.temporaries.filter(({ file }) => isOfLock(file)) ?? []
  await removeStaleDrafts(state, provenOf(ofLocks, state.secret))
}

async function removeStaleDrafts(
  { paths, secret }: Omit<LockedState, 'lock'>,
  temporaries: readonly TemporaryName[],
): Promise<void> {
  const found = temporaries.filter(({ file, token }) => isOfLock(file) && !isOwnToken(token, secret))
  if (found.length === 0) return
  const own = await lstat(paths.lock).catch(() => null) // its heartbeat is at most seconds old, so it gives the time
  if (own === null) return
  await removeStale(found, { folder: dirname(paths.lock), key: secret, user: own.uid, now: own.mtimeMs })
}

function isOfLock(file: string): boolean {
  return file.endsWith(LOCK_END)
}

/**
 * The tokens of earlier runs that left files which only the owner of this lock makes. They certainly no longer hold it:
 * their names were read before the lock was checked, and a run that takes over from this one has another token.
 */
async function earlierRuns({ paths, lock }: LockedState, found: readonly TemporaryName[]): Promise<string[]> {
  const files = [basename(paths.part), basename(paths.journal)]
  const tokens = found.filter(({ file, token }) => files.includes(file) && token !== lock.token)
  if (tokens.length > 0) await lock.assertHeld()
  return tokens.map(({ token }) => token)
}

/**
 * Completes what a run did that was killed while its copy took the place of the part file: the journal of the copy replaces the
 * one of the old file. Without it the copy would be a stranger's, and its bytes lost. If two runs do this, one finds no draft.
 */
async function adoptJournal(token: string, { paths, lock, secret }: LockedState): Promise<void> {
  const draft = temporaryPath(paths.journal, 'new', token)
  if (!(await isFileOf(draft, null))) return
  const load = (path: string): Promise<FoundJournal | null> =>
    loadJournal(path, secret).catch(unlessShort(null, path))
  if (!(await isAboutPart(await load(draft), paths)) || (await isAboutPart(await load(paths.journal), paths)))
    return
  await lock.assertHeld()
  await rename(draft, paths.journal).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw fileError(error, paths.journal)
  })
}

/** Is it proven, and was it written for the part file that is there? */
async function isAboutPart(found: FoundJournal | null, { part }: StatePaths): Promise<boolean> {
  const stats = await lstat(part, { bigint: true }).catch(() => null)
  if (found?.kind !== 'proven' || !stats?.isFile() || found.record.name !== basename(part)) return false
  return isSameFileId(found.record.part, await fileIdOf(stats, dirname(part)))
}

/** Removes the files of the run with this token, but keeps the bytes of its complete file. */
async function removeFilesOf(token: string, { part, journal, lock }: StatePaths): Promise<void> {
  if (await isFileOf(temporaryPath(part, 'done', token), null)) await restorePart(part, token)
  for (const file of [part, journal, lock]) {
    const path = temporaryPath(file, 'new', token)
    if (await isFileOf(path, null)) await removeFile(path).catch(() => undefined)
  }
}
