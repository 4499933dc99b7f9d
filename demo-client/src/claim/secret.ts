// What only this user's runs know: the key that proves a journal to be the work of one of them.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileError, systemCode } from '../errors.ts'
import { openFile, withDescriptor } from '../files/descriptors.ts'
import { moveToFree } from '../files/free-name.ts'
import { makeFolder } from '../files/make-folder.ts'
import { openRegular, readUpTo } from '../files/regular-file.ts'
import { waitFor } from '../files/stalled-calls.ts'
import { shortageOf } from '../shortage.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import { ownToken } from './lock-owner.ts'
import { removeStale, temporariesIn } from './stale-files.ts'

const KEY_BYTES = 32
/** Of IDs in names there. Nobody else can make files in that folder. */
const NO_KEY = Buffer.alloc(0)
/** How long the home is waited for, in ms. A network's may have to be mounted first. */
const HOME_TIMEOUT_MS = 5000

/** The key of journals. */
export interface Secret {
  readonly key: Buffer
  /** Why later runs will not know it, or null: they will. */
  readonly unsavedReason: string | null
}

/** Serves this process where no file can be had. */
const ownKey = randomBytes(KEY_BYTES)

/** Calls that have not come back, by path. Each holds a thread: no download makes a second one. */
const calls = new Map<string, Promise<Buffer>>()

/**
 * Reads the user's secret. The first run makes it. A home that does not answer is not waited for.
 * @param signal ends the wait
 * @throws the signal's reason, or DownloadError `ERR_DOWNLOAD_RESOURCES`
 */
export async function readSecret(signal: AbortSignal | null): Promise<Secret> {
  try {
    const path = join(stateFolder(), 'range-get', 'journal.key')
    const key = await waitFor(readOrMake(path), { limit: HOME_TIMEOUT_MS, signal, name: path })
    return { key, unsavedReason: null }
  } catch (error) {
    signal?.throwIfAborted()
    // With another key, what can be resumed would not be believed.
    if (shortageOf(error) !== null) throw fileError(error, "the user's journal.key")
    return { key: ownKey, unsavedReason: error instanceof Error ? error.message : String(error) }
  }
}

async function readOrMake(path: string): Promise<Buffer> {
  const call = calls.get(path) ?? readOrMakeAndCleanUp(path)
  calls.set(path, call)
  try {
    return await call
  } finally {
    calls.delete(path)
  }
}

async function readOrMakeAndCleanUp(path: string): Promise<Buffer> {
  const key = (await read(path)) ?? (await make(path))
  await removeStaleDrafts(path)
  return key
}

/**
 * Removes the drafts of runs that were killed while they made the file. Now that it is there, nobody needs one: a run that
 * finds its draft gone reads the file.
 */
async function removeStaleDrafts(path: string): Promise<void> {
  const folder = dirname(path)
  const found = (await temporariesIn(folder, NO_KEY)).filter(({ file }) => file === basename(path))
  const user = process.geteuid?.() ?? null
  await removeStale(found, { folder, key: NO_KEY, user, now: Date.now() })
}

/** Where programs keep their state. There is one place: a run that used another would not know what this one has left. */
function stateFolder(): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = process.env
  if (process.platform === 'win32') {
    if (local === undefined) throw new Error('LOCALAPPDATA is not set')
    return local
  }
  // XDG Base Directory Specification: "All paths set in these environment variables must be absolute. If an implementation
  // encounters a relative path in any of these variables it should consider the path invalid and ignore it."
  if (state !== undefined && isAbsolute(state)) return state
  const home = homedir() // that of the user database where HOME is not set
  if (!isAbsolute(home)) throw new Error('there is no home directory')
  return join(home, '.local', 'state')
}

async function read(path: string): Promise<Buffer | null> {
  try {
    const file = await openRegular(path, constants.O_RDONLY)
    try {
      const { uid, mode } = await file.stat()
      const user = process.geteuid?.() ?? null
      // Where somebody else may read or change it, it proves nothing.
      if (user !== null && (uid !== user || (mode & 0o077) !== 0)) {
        throw new Error(`${path} must belong to the user who runs this, with mode 0600`)
      }
      const key = await readUpTo(file, KEY_BYTES + 1)
      if (key?.length === KEY_BYTES) return key
      throw new Error(`${path} is damaged; delete it`)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Makes the file in one step, so that nobody ever reads half of it. Of two that make it at once both use one. */
async function make(path: string): Promise<Buffer> {
  await assertOwnHome(dirname(path))
  await makeFolder(dirname(path), 0o700)
  const draft = temporaryPath(path, 'new', await withDescriptor(() => ownToken(NO_KEY)))
  try {
    const file = await openFile(draft, 'wx', 0o600)
    try {
      await file.writeFile(randomBytes(KEY_BYTES))
      await file.sync()
    } finally {
      await file.close()
    }
    await moveToFree(draft, path).catch((error: unknown) => {
      // A draft that is gone was taken for one of a dead run: the file is there.
      if (systemCode(error) !== 'ENOENT') throw error
    })
  } finally {
    await rm(draft, { force: true }).catch(() => undefined)
  }
  const key = await read(path)
  if (key === null) throw new Error(`${path} cannot be made`)
  return key
}

/** Run by `sudo` with the home of another user, this must not leave there what its owner could not use then. */
async function assertOwnHome(path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return // what others may not make, the system refuses
  const found = await stat(path).catch(() => null)
  if (found === null) return await assertOwnHome(dirname(path))
  if (found.uid !== 0) throw new Error(`${path} belongs to another user`)
}
