// Which state on disk is that of a download, and the lock on it.
import { takeBack } from './final-name.ts'
import { exists } from './free-name.ts'
import { loadJournal } from './journal.ts'
import { sealedKey } from './journal-format.ts'
import { Lock, type LockOptions, readOwner } from './lock.ts'
import type { Owner } from './owner.ts'
import { removeLeft } from './placeholder.ts'
import { hashOf, pathForKey, type StatePaths, statePaths } from './state-names.ts'

/** What is to be claimed. */
export interface ClaimOptions {
  /** The final path, as far as it is known. */
  readonly path: string
  /** `'suggested'`: the server may name the file otherwise, and other downloads may have the same path so far. */
  readonly naming: 'chosen' | 'suggested'
  readonly key: string
  readonly secret: Buffer
  /** Ends the wait for a sign of life of who holds the lock. */
  readonly signal: AbortSignal | null
}

/** The paths of a download's state, which nobody else uses while the lock is held. */
export interface Claim {
  readonly paths: StatePaths
  readonly lock: Lock
}

/**
 * Locks the state of a download. Where the path was only suggested, the first download has its state under that name;
 * every other one, at once or later, has one by its key, so that each can be resumed after any other.
 * @throws DownloadError `ERR_DOWNLOAD_BUSY` where a living process has it
 */
export async function claim(options: ClaimOptions): Promise<Claim> {
  const plain = statePaths(options.path)
  if (options.naming === 'chosen') return await take(options, plain)
  const own = statePaths(pathForKey(options.path, options.key))
  if ((await exists(own.part)) || (await exists(own.lock))) return await take(options, own)
  if (!(await isOurs(options, plain, await readOwner(plain.lock).catch(() => null))))
    return await take(options, own)
  const got = await Lock.attempt(lockOptions(options, plain))
  if (got instanceof Lock) {
    await tidy({ paths: plain, lock: got }, options.secret)
    // Another download may have come and gone meanwhile.
    if (await isOurs(options, plain, got.predecessor?.owner ?? null)) return { paths: plain, lock: got }
    await got.release('recorded')
    return await take(options, own)
  }
  const isSame = got.holder?.key === hashOf(options.key)
  return await take(options, isSame ? plain : own)
}

async function take(options: ClaimOptions, paths: StatePaths): Promise<Claim> {
  const lock = await Lock.acquire(lockOptions(options, paths))
  await tidy({ paths, lock }, options.secret)
  return { paths, lock }
}

/** A run that ended, or was frozen, while it gave its file the final name cannot do so any more: that name is free again. */
async function tidy({ paths, lock }: Claim, secret: Buffer): Promise<void> {
  try {
    const found = await loadJournal(paths.journal, secret).catch(() => null)
    const writer = found?.kind === 'proven' ? found.record.writer : null
    for (const token of new Set([lock.predecessor?.owner?.token, writer]))
      if (token != null) await takeBack(paths.part, token)
    await removeLeft(paths, secret)
  } catch (error) {
    await lock.release('recorded')
    throw error
  }
}

function lockOptions({ path, key, signal }: ClaimOptions, { lock }: StatePaths): LockOptions {
  return { path: lock, key: hashOf(key), output: path, signal }
}

/** Is there nothing under these names, or what this download has left? */
async function isOurs(
  { key, secret }: ClaimOptions,
  paths: StatePaths,
  owner: Owner | null,
): Promise<boolean> {
  if (!(await exists(paths.part)) || owner?.key === hashOf(key)) return true
  const found = await loadJournal(paths.journal, secret).catch(() => null)
  return found?.kind === 'proven' && found.record.key === sealedKey(key, secret)
}
