// What a run that was killed, or frozen, has left under names that only it used.
import { rm } from 'node:fs/promises'
import { takeBack } from './final-name.ts'
import { loadJournal } from './journal.ts'
import type { Lock } from './lock.ts'
import { removeLeft } from './placeholder.ts'
import { draftPath, isToken, type StatePaths } from './state-names.ts'

/** A state whose lock is held. */
export interface LockedState {
  readonly paths: StatePaths
  readonly lock: Lock
  /** The key of journals. */
  readonly secret: Buffer
}

/**
 * Takes back what the run before has left: its complete file becomes the part file again, its drafts go, and so does the
 * empty file under the final name. If it was only frozen, what it does to them fails from now on.
 */
export async function tidy({ paths, lock, secret }: LockedState): Promise<void> {
  const found = await loadJournal(paths.journal, secret).catch(() => null)
  const writer = found?.kind === 'proven' ? found.record.writer : null
  for (const token of new Set([lock.predecessor?.owner?.token, writer])) {
    if (token == null || !isToken(token)) continue
    await takeBack(paths.part, token)
    for (const path of [paths.part, paths.journal])
      await rm(draftPath(path, token), { force: true }).catch(() => undefined)
  }
  await removeLeft(paths, secret)
}
