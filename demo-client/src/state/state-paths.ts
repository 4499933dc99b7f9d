// The names of what a download keeps on disk until its file is complete, and which names are taken by them. Pure.
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'

/** File systems allow 255 bytes. The longest name of ours adds 51: `.part.json.new.` and an ID. */
const MAX_NAME_BYTES = 200
const HASH_DIGITS = 16

/** A file of ours, or what one of ours is called while it is written or cleared away. */
const STATE_NAME = /\.part(?:\.(?:json|lock|new|done)(?:\..*)?)?$/

/** The paths of one download's state. */
export interface StatePaths {
  /** The bytes received so far. */
  readonly part: string
  readonly journal: string
  readonly lock: string
}

/**
 * Where the state of the file `path` lies: beside it, under its name. A name too long for that is cut, and the hash of
 * all of it added, so that two names never share their state.
 */
export function statePaths(path: string): StatePaths {
  const base = join(dirname(path), fitting(basename(path)))
  return { part: `${base}.part`, journal: `${base}.part.json`, lock: `${base}.part.lock` }
}

/** A path beside `path` that only the download with this key has. For files that the server has yet to name. */
export function pathForKey(path: string, key: string): string {
  return `${path}.${hashOf(key)}`
}

/** What can be told to others of a download's key, which may hold secrets: its hash. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, HASH_DIGITS)
}

/** Would some file system take `name` for the state of a download? Hand over the {@link foldedName} of a name. */
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
