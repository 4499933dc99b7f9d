// The file of a lock: it is created with its content in one step, read, and cleared.
import { type FileHandle, link, rename } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { openFile } from '../files/descriptors.ts'
import { moveToFree } from '../files/free-name.ts'
import { readSmallFile } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import { isOwner, type Owner } from './lock-owner.ts'

const MAX_BYTES = 4096

/** The owner of the lock at `path`, or null. */
export async function readOwner(path: string): Promise<Owner | null> {
  try {
    const found = await readSmallFile(path, MAX_BYTES)
    const value: unknown = found.kind === 'read' ? JSON.parse(found.text) : null
    return isOwner(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Creates the lock with its content in one step, so that no other run reads half of it. Null if there is a lock, or if
 * another run removed the draft because it took this one, which had stopped for a minute, for dead. Then try again.
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
    await removeFile(draft).catch(() => undefined)
  }
}

/** `'refused'`: file systems without hard links answer with many codes. If the reason is another one, O_EXCL fails too. */
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
    // A network file system may make the link, lose its answer, and say on the second try that the name is taken.
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
    await removeFile(path).catch(() => undefined)
    throw error
  }
}

/** Is it a file of another program? A power cut may leave a lock of ours empty, or full of zeros. */
export async function isForeign(path: string): Promise<boolean> {
  const found = await readSmallFile(path, MAX_BYTES)
  if (found.kind !== 'read') return found.kind === 'too-long' // otherwise it was released in the meantime
  return /[^\0]/.test(found.text) && (await readOwner(path)) === null
}

/** Removes the lock if `owner` still has it. `token` is that of the calling run. */
export async function clearLock(path: string, owner: Owner | null, token: string): Promise<boolean> {
  const moved = temporaryPath(path, 'old', token)
  try {
    await rename(path, moved)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false // another run has cleared it
    throw error
  }
  // Before the rename a third run may have cleared the lock and taken it. Then it is moved back.
  const found = await readOwner(moved).catch(async (error: unknown) => {
    await moveToFree(moved, path).catch(() => undefined) // a lock that cannot be read is not cleared
    throw error
  })
  const isOfThirdRun = found !== null && found.token !== owner?.token
  if (isOfThirdRun) await moveToFree(moved, path).catch(() => undefined)
  await removeFile(moved)
  return !isOfThirdRun
}
