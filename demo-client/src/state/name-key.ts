// A short key of a path, to find two files with one name among many. Pure.
import { createHash } from 'node:crypto'

/** A number that a `Map` holds in few bytes, because a list may have a million names. */
const HASH_DIGITS = 13

/** The key of a path. Two spellings of one name have the same: file systems of Apple take them for one. */
export function nameKey(path: string): number {
  return Number.parseInt(
    createHash('sha256').update(path.normalize()).digest('hex').slice(0, HASH_DIGITS),
    16,
  )
}
