// The key that only this user's runs know. It proves that one of them wrote a journal.
import { randomBytes } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileError, systemCode } from '../errors.ts'
import { openFile, withDescriptor } from '../files/descriptors.ts'
import { moveToFree } from '../files/free-name.ts'
import { waitFor } from '../files/hanging-calls.ts'
import { makeFolder } from '../files/make-folder.ts'
import { openRegular, readUpTo } from '../files/regular-file.ts'
import { removeFile } from '../files/remove-file.ts'
import { isError } from '../is-error.ts'
import { temporaryPath } from '../state/temporary-names.ts'
import { shortageOf } from '../system-shortage.ts'
import { ownToken } from './lock-owner.ts'
import { removeStale, temporariesIn } from './stale-files.ts'

const KEY_BYTES = 32
/** For the tokens in the names of drafts there. Other users cannot make files in that folder. */
const NO_KEY = Buffer.alloc(0)
/** How long to wait for the home directory. One on the network may have to be mounted first. */
const HOME_TIMEOUT_MS = 5000

/** The key of journals. */
export interface Secret {
  readonly key: Buffer
  /** Why later runs will not have this key; null if they will. */
  readonly unsavedReason: string | null
}

/** The key of this process if the file cannot be used. */
const ownKey = randomBytes(KEY_BYTES)

/** A key that was read, and the file that had it. */
interface ReadKey {
  readonly path: string
  readonly key: Buffer
  readonly stats: BigIntStats
}

/**
 * The last one. Each file of a list needs the key, and one look shows that it has not changed. A change that such a look cannot
 * show would at worst keep later runs from resuming.
 */
let lastRead: ReadKey | null = null

async function isUnchanged({ path, stats }: ReadKey): Promise<boolean> {
  const now = await lstat(path, { bigint: true }).catch(() => null)
  return now !== null && SAME.every((name) => now[name] === stats[name])
}

/** What changes with a file, or with its rights. */
const SAME = ['dev', 'ino', 'ctimeNs', 'mtimeNs', 'size', 'mode', 'uid'] as const

/** Calls that have not returned, by path. Each blocks a thread, so downloads share one. */
const calls = new Map<string, Promise<Buffer>>()

/**
 * Reads the user's secret. The first run makes it. If the home directory does not answer, another key is used.
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
    // With another key the journal of an earlier run would not be accepted.
    if (shortageOf(error) !== null) throw fileError(error, "the user's journal.key")
    return { key: ownKey, unsavedReason: isError(error) ? error.message : String(error) }
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
  if (lastRead?.path === path && (await isUnchanged(lastRead))) return lastRead.key
  const key = (await read(path)) ?? (await make(path))
  await removeStaleDrafts(path)
  return key
}

/**
 * Removes the drafts of runs that were killed while they made the file. No run needs a draft now that the file exists: one
 * that finds its draft removed reads the file.
 */
async function removeStaleDrafts(path: string): Promise<void> {
  const folder = dirname(path)
  const found = (await temporariesIn(folder, NO_KEY)).filter(({ file }) => file === basename(path))
  const user = process.geteuid?.() ?? null
  await removeStale(found, { folder, key: NO_KEY, user, now: Date.now() })
}

/** Where programs keep their state. All runs must use the same folder: otherwise they do not recognize each other's files. */
function stateFolder(): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = process.env
  if (process.platform === 'win32') {
    if (local === undefined) throw new Error('LOCALAPPDATA is not set')
    return local
  }
  // XDG Base Directory Specification: "All paths set in these environment variables must be absolute. If an implementation
  // encounters a relative path in any of these variables it should consider the path invalid and ignore it."
  if (state !== undefined && isAbsolute(state)) return state
  const home = homedir() // from the user database if HOME is not set
  if (!isAbsolute(home)) throw new Error('there is no home directory')
  return join(home, '.local', 'state')
}

async function read(path: string): Promise<Buffer | null> {
  try {
    const file = await openRegular(path, constants.O_RDONLY)
    try {
      const stats = await file.stat({ bigint: true })
      const user = process.geteuid?.() ?? null
      // A key that other users can read or change proves nothing.
      if (user !== null && (stats.uid !== BigInt(user) || (stats.mode & 0o077n) !== 0n)) {
        throw new Error(`${path} must belong to the user who runs this program, with mode 0600`)
      }
      const key = await readUpTo(file, KEY_BYTES + 1)
      if (key?.length === KEY_BYTES) {
        lastRead = { path, key, stats }
        return key
      }
      throw new Error(`${path} is damaged. Delete it`)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Makes the file in one step, so that no run reads half of it. Two runs that make it at once end up with the same key. */
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
      // Another run took this draft for that of a dead run, so the file exists.
      if (systemCode(error) !== 'ENOENT') throw error
    })
  } finally {
    await removeFile(draft).catch(() => undefined)
  }
  const key = await read(path)
  if (key === null) throw new Error(`${path} cannot be made`)
  return key
}

/** With `sudo` and the home of another user, this must not leave files there that their owner cannot use. */
async function assertOwnHome(path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return // for other users the system checks it
  const found = await stat(path).catch(() => null)
  if (found === null) return await assertOwnHome(dirname(path))
  if (found.uid !== 0) throw new Error(`${path} belongs to another user`)
}
