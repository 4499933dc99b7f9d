// The file of a lock: made with its content in one step, read, and cleared away.
import { type FileHandle, link, rename, rm } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { exists, moveToFree } from '../files/free-name.ts'
import { readSmallFile } from '../files/regular-file.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import { isOwner, type Owner } from './lock-owner.ts'

const MAX_BYTES = 4096

/** Who holds the lock at `path`, if anybody does. */
export async function readOwner(path: string): Promise<Owner | null> {
  try {
    const value: unknown = JSON.parse((await readSmallFile(path, MAX_BYTES)) ?? '')
    return isOwner(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Creates the lock with its content in one step, so that nobody ever reads half of it. Null where there is one, and where
 * its draft was taken away: this run has stood still for so long that another one took it for dead. Then look again.
 */
export async function tryCreate(path: string, owner: Owner): Promise<FileHandle | null> {
  const draft = temporaryPath(path, 'new', owner.token)
  const file = await openFile(draft, 'wx')
  try {
    await file.writeFile(JSON.stringify(owner))
    const outcome = await linkTo(path, { draft, file })
    if (outcome === 'made') return file
    await file.close()
    return outcome === 'taken' ? null : await createExclusively(path, owner)
  } catch (error) {
    await file.close()
    throw error
  } finally {
    await rm(draft, { force: true }).catch(() => undefined)
  }
}

/** `'refused'`: file systems without hard links say so with many codes. Where the reason is another, O_EXCL fails too. */
async function linkTo(
  path: string,
  { draft, file }: { draft: string; file: FileHandle },
): Promise<'made' | 'taken' | 'refused'> {
  try {
    await link(draft, path)
    return 'made'
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'taken'
    if (systemCode(error) !== 'EEXIST') return 'refused'
    // A network file system may do it, lose the answer, and say on the second try that the name is taken.
    return (await file.stat()).nlink > 1 ? 'made' : 'taken'
  }
}

async function createExclusively(path: string, owner: Owner): Promise<FileHandle | null> {
  let file: FileHandle
  try {
    file = await openFile(path, 'wx')
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return null
    throw error
  }
  try {
    await file.writeFile(JSON.stringify(owner))
    return file
  } catch (error) {
    await file.close()
    await rm(path, { force: true }).catch(() => undefined)
    throw error
  }
}

/** Is it a file that no run has made? A power cut may leave a lock empty, or full of zeros. */
export async function isForeign(path: string): Promise<boolean> {
  const text = await readSmallFile(path, MAX_BYTES)
  if (text === null) return await exists(path) // else it was released meanwhile
  return /[^\0]/.test(text) && (await readOwner(path)) === null
}

/** Removes the lock of `owner`, if it is still that one. `token`: of the run that does it. */
export async function clearLock(path: string, owner: Owner | null, token: string): Promise<boolean> {
  const moved = temporaryPath(path, 'old', token)
  try {
    await rename(path, moved)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false // somebody else has cleared it
    throw error
  }
  // Between the look and the rename a newcomer may have cleared it and taken the lock: give it back then.
  const found = await readOwner(moved).catch(async (error: unknown) => {
    await moveToFree(moved, path).catch(() => undefined) // what could not be read is not cleared
    throw error
  })
  const isNewcomer = found !== null && found.token !== owner?.token
  if (isNewcomer) await moveToFree(moved, path).catch(() => undefined)
  await rm(moved, { force: true })
  return !isNewcomer
}
