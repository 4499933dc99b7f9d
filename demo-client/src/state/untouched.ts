// Whether the folder of a download has state of it that an earlier run has left, by the names in it. Pure.
import { foldedName } from './file-name.ts'
import { readTemporaryName } from './temporary-names.ts'

/** The names that a download looks for, except that of the lock which it has just made. */
export interface OwnNames {
  /** Under the name of the file. */
  readonly plain: { readonly part: string }
  /** Under the name made from the key. */
  readonly own: { readonly lock: string }
}

/**
 * The end of part files and journals, of whatever download. What is there under another spelling of the name, which some file
 * system does not distinguish, has this end, too.
 */
const ANY_STATE = /\.part(?:\.json)?$/

/** Most names in a large folder: no spelling of them has a part of that end. To fold a name takes longer. */
const NEVER_STATE = /^(?!.*part)[ -~]*$/i

/** Could one of `names`, all that the folder has, be state of the download? In doubt yes. */
export function mayHaveState(names: readonly string[], { plain, own }: OwnNames): boolean {
  const lock = foldedName(own.lock)
  const drafted = [plain.part, `${plain.part}.json`].map(foldedName)
  return names.some((name) => {
    if (NEVER_STATE.test(name)) return false
    const folded = foldedName(name)
    if (folded === lock || ANY_STATE.test(folded)) return true
    const temporary = readTemporaryName(name)
    return temporary !== null && drafted.includes(foldedName(temporary.file))
  })
}
