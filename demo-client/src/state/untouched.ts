// Whether the folder of a download has state of it that an earlier run has left, by the names in it. Pure.
import { foldedName } from './file-name.ts'
import { readTemporaryName, type TemporaryName } from './temporary-names.ts'

/** The names that a download looks for, except that of the lock which it has just made. */
export interface OwnNames {
  /** Under the name of the file. */
  readonly plain: { readonly part: string }
  /** Under the name made from the key. */
  readonly own: { readonly part: string; readonly lock: string }
}

/** The end of part files and journals, of whatever download. */
const ANY_STATE = /\.part(?:\.json)?$/
const LOCK = /\.part\.lock$/
/** Where the name of a part file ends, if something is behind it. */
const BEGUN = /(?<=\.part)\./g

/** Most names in a large folder: no spelling of them has a part of that end. To fold a name takes longer. */
const NEVER_STATE = /^(?!.*part)[ -~]*$/i

/** Names of these characters are one to a file system if they are one when folded. About others, each system has its own rules. */
const PLAIN = /^[ -~]*$/

/** The names in a folder that state may have, of whatever download. To look for state of one takes no longer among many. */
export class StateNames {
  readonly all: readonly string[]
  /** The temporary files of runs, as far as their names say. */
  readonly temporaries: readonly TemporaryName[]
  readonly #folded: ReadonlySet<string>
  /** The files that temporary files are made for, folded. */
  readonly #drafted: ReadonlySet<string>
  /** What has a name behind it: `a.part` of `a.part.json`. */
  readonly #begun: ReadonlySet<string>
  readonly #hasAny: boolean
  readonly #hasStrange: boolean

  /** @param names all that the folder has */
  constructor(names: readonly string[]) {
    this.all = names.filter(isStateSpelling)
    this.temporaries = this.all.map(readTemporaryName).filter((name) => name !== null)
    this.#folded = new Set(this.all.map(foldedName))
    this.#drafted = new Set(this.temporaries.map(({ file }) => foldedName(file)))
    this.#begun = new Set(
      this.all.flatMap((name) => [...name.matchAll(BEGUN)].map(({ index }) => name.slice(0, index))),
    )
    const ofState = this.all.filter((name) => ANY_STATE.test(foldedName(name)))
    this.#hasAny = ofState.length > 0
    this.#hasStrange = ofState.some((name) => !PLAIN.test(name))
  }

  /** Could one of them be state of the download? In doubt yes. */
  mayBeOf({ plain, own }: OwnNames): boolean {
    const drafted = [plain.part, `${plain.part}.json`].map(foldedName)
    const kept = [own.part, `${own.part}.json`, own.lock].map(foldedName)
    const isPlain = [plain.part, own.part].every((name) => PLAIN.test(name))
    if (isPlain ? this.#hasStrange : this.#hasAny) return true
    return (
      drafted.some((name) => this.#folded.has(name) || this.#drafted.has(name)) ||
      kept.some((name) => this.#folded.has(name))
    )
  }

  /** Does one of them begin with the name `part` of a part file, and a dot? */
  hasBehind(part: string): boolean {
    return this.#begun.has(part)
  }
}

/** Could `name` be that of state, of whatever download? */
function isStateSpelling(name: string): boolean {
  if (NEVER_STATE.test(name)) return false
  const folded = foldedName(name)
  return ANY_STATE.test(folded) || LOCK.test(folded) || readTemporaryName(name) !== null
}
