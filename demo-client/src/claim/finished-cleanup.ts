// Cleans up if the output exists already and the run that finished it was killed before its own cleanup.
import { basename, dirname } from 'node:path'
import { exists, isSameFile } from '../files/free-name.ts'
import { hashOf, pathForKey, type StatePaths, statePaths } from '../state/state-paths.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import { cleanUp } from './cleanup.ts'
import { folderNames } from './folder-names.ts'
import { readSecret } from './journal-key.ts'
import { Lock } from './lock.ts'
import { readOwner } from './lock-file.ts'
import { lifeOf } from './lock-owner.ts'
import { temporariesIn } from './stale-files.ts'

/** The download whose output exists. */
export interface FinishedDownload {
  /** The path of the file that exists. */
  readonly path: string
  readonly key: string
  readonly signal: AbortSignal | null
}

/** Removes the state files of a finished download. State that can be resumed stays, and so does state that another run uses. */
export async function cleanUpFinished({ path, key, signal }: FinishedDownload): Promise<void> {
  const states = [path, pathForKey(path, key)].map(statePaths)
  const found = await Promise.all(states.map(hasAny))
  if (!found.includes(true)) return
  const { key: secret } = await readSecret(signal)
  for (const paths of states) {
    if (!(await isOver(paths, path, secret))) continue
    const options = { path: paths.lock, key: hashOf(key), secret, output: path, signal }
    const lock = await Lock.attempt(options)
    if (!(lock instanceof Lock)) continue
    await cleanUp({ paths, lock, secret }).finally(() => lock.release('recorded'))
  }
}

/** Are there state files other than the part file? */
async function hasAny({ part }: StatePaths): Promise<boolean> {
  const found = await folderNames.of(dirname(part))
  return found?.names.hasBehind(basename(part)) === true
}

/** Had its run finished all but the cleanup? Then its complete file, if still there, is another name of the output. */
async function isOver({ part, lock }: StatePaths, path: string, secret: Buffer): Promise<boolean> {
  if (await exists(part)) return false
  const owner = await readOwner(lock).catch(() => null)
  if (owner === null ? await exists(lock) : lifeOf(owner) !== 'dead') return false
  const found = await temporariesIn(dirname(part), secret)
  const complete = found.filter(({ file, stage }) => stage === 'done' && file === basename(part))
  const same = complete.map(({ token }) => isSameFile(temporaryPath(part, 'done', token), path))
  return !(await Promise.all(same)).includes(false)
}
