// The paths of the files that a download keeps on disk until it is complete, and which names they occupy. Pure.
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'

/** File systems allow 255 bytes. Our longest name adds 51: `.part.json.new.` and a token. */
const MAX_NAME_BYTES = 200
const HASH_DIGITS = 16

/** The names of state files, and of their temporary files. */
const STATE_NAME = /\.part(?:\.(?:json|lock|new|done)(?:\..*)?)?$/

/** The paths of one download's state. */
export interface StatePaths {
  /** The bytes received so far. */
  readonly part: string
  readonly journal: string
  readonly lock: string
}

/**
 * The paths of the state of the file `path`: beside it, and made from its name. A name that is too long is cut, and the hash
 * of the whole name is added, so that two names never share their state.
 */
export function statePaths(path: string): StatePaths {
  const base = join(dirname(path), fitting(basename(path)))
  return { part: `${base}.part`, journal: `${base}.part.json`, lock: `${base}.part.lock` }
}

/** The path of the record that `--update` keeps about the finished file `path`: hidden, and beside it. */
export function recordPath(path: string): string {
  return join(dirname(path), `.${fitting(basename(path))}.range-get`)
}

/** A path beside `path` for the download with this key alone. For files that the server has not yet named. */
export function pathForKey(path: string, key: string): string {
  return `${path}.${hashOf(key)}`
}

/** The hash of a download's key. The key may contain secrets, and other users can read the hash. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, HASH_DIGITS)
}

/** Could some file system take this name for a state file? `foldedName`: a name as the most tolerant file system reads it. */
export function isStateName(foldedName: string): boolean {
  return STATE_NAME.test(foldedName)
}

function fitting(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  return `${cutToBytes(name, MAX_NAME_BYTES - HASH_DIGITS - 1)}.${hashOf(name)}`
}

/** The longest beginning of `text` of at maxBytes `maxBytes` bytes, cut between characters. */
export function cutToBytes(text: string, maxBytes: number): string {
  let [bytes, end] = [0, 0]
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    end += character.length
  }
  return text.slice(0, end)
}
