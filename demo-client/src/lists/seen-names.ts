// The names that files of a list get, to find two files with one name. Pure.
import { createHash } from 'node:crypto'

/** A number that a `Map` holds in few bytes, because a list may have a million names. */
const HASH_DIGITS = 13

/** Remembers names, and where they were. */
export class SeenNames {
  readonly #lines = new Map<number, number>()
  readonly #places: string[] = []

  /** Where the name `path` was given before, as `PLACE:LINE`; null, and it is remembered, if it was not. */
  add(path: string, { place, line }: { readonly place: string; readonly line: number }): string | null {
    const key = Number.parseInt(
      createHash('sha256').update(path.normalize()).digest('hex').slice(0, HASH_DIGITS),
      16,
    )
    const before = this.#lines.get(key)
    if (before !== undefined) {
      const index = before % MOST_PLACES
      return nameOfLine(String(this.#places[index]), Math.floor(before / MOST_PLACES))
    }
    const index = this.#places.indexOf(place)
    this.#lines.set(key, line * MOST_PLACES + (index === -1 ? this.#places.push(place) - 1 : index))
    return null
  }
}

/** More lists than a command line holds. */
const MOST_PLACES = 65_536

/** `LIST:3`, or the place alone for line 0. */
export function nameOfLine(place: string, line: number): string {
  return line === 0 ? place : `${place}:${line}`
}
