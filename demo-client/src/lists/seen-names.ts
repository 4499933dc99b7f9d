// The names that files of a list get, to find two files with one name, and a file that is a folder of another one. Pure.
import { basename, dirname } from 'node:path'
import { nameKey } from '../state/name-key.ts'

/** Where a name was given. */
export interface NamePlace {
  /** The list. */
  readonly place: string
  /** 0: it has no lines. */
  readonly line: number
}

/** Remembers names, and where they were. */
export class SeenNames {
  readonly #files = new Map<number, number>()
  readonly #folders = new Map<number, number>()
  readonly #places: string[] = []
  /** Most files are in the folder of the one before. */
  #lastFolder = ''

  /**
   * Remembers the name `path`, unless no file can have it beside those with earlier names.
   * @returns what is wrong with it, as a clause with the earlier place as `PLACE:LINE`; null if nothing is
   */
  add(path: string, at: NamePlace): string | null {
    const key = nameKey(path)
    const file = this.#files.get(key)
    if (file !== undefined) return `${basename(path)} is already the name of the file in ${this.#shown(file)}`
    const inside = this.#folders.get(key)
    if (inside !== undefined)
      return `${basename(path)} is already a folder of the file in ${this.#shown(inside)}`
    const folder = dirname(path)
    const wrong = folder === this.#lastFolder ? null : this.#addFolders(folder, at)
    if (wrong !== null) return wrong
    this.#lastFolder = folder
    this.#files.set(key, this.#numberOf(at))
    return null
  }

  /** Remembers a folder, and those that it is in, up to one that is known. Of one that cannot be, nothing is remembered. */
  #addFolders(folder: string, at: NamePlace): string | null {
    const unknown: number[] = []
    for (const path of foldersFrom(folder)) {
      const key = nameKey(path)
      if (this.#folders.has(key)) break
      const file = this.#files.get(key)
      if (file !== undefined)
        return `${basename(path)} cannot be a folder: it is already the name of the file in ${this.#shown(file)}`
      unknown.push(key)
    }
    const number = this.#numberOf(at)
    for (const key of unknown) this.#folders.set(key, number)
    return null
  }

  #numberOf({ place, line }: NamePlace): number {
    const index = this.#places.indexOf(place)
    return line * MOST_PLACES + (index === -1 ? this.#places.push(place) - 1 : index)
  }

  #shown(number: number): string {
    return nameOfLine(String(this.#places[number % MOST_PLACES]), Math.floor(number / MOST_PLACES))
  }
}

/** A folder, then the one that it is in, and so on to the outermost. */
function* foldersFrom(folder: string): Generator<string> {
  let path = folder
  for (let inner = ''; path !== inner; path = dirname(path)) {
    yield path
    inner = path
  }
}

/** More lists than a command line holds. */
const MOST_PLACES = 65_536

/** `LIST:3`, or the place alone for line 0. */
export function nameOfLine(place: string, line: number): string {
  return line === 0 ? place : `${place}:${line}`
}
