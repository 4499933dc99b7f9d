// Whether the folder of a download has state of it that an earlier run has left, by the names in it. Pure.
import { foldedName } from './file-name.ts'
import { readTemporaryName } from './temporary-names.ts'

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

/** Most names in a large folder: no spelling of them has a part of that end. To fold a name takes longer. */
const NEVER_STATE = /^(?!.*part)[ -~]*$/i

/** Names of these characters are one to a file system if they are one when folded. About others, each system has its own rules. */
const PLAIN = /^[ -~]*$/

/** Could `name` be that of state, of whatever download? */
export function isStateSpelling(name: string): boolean {
  if (NEVER_STATE.test(name)) return false
  const folded = foldedName(name)
  return ANY_STATE.test(folded) || LOCK.test(folded) || readTemporaryName(name) !== null
}

/** Could one of `names` be state of the download? In doubt yes. Of a folder, those with a {@link isStateSpelling} are enough. */
export function mayHaveState(names: readonly string[], { plain, own }: OwnNames): boolean {
  const drafted = [plain.part, `${plain.part}.json`].map(foldedName)
  const kept = [own.part, `${own.part}.json`, own.lock].map(foldedName)
  const isPlain = [plain.part, own.part].every((name) => PLAIN.test(name))
  return names.some((name) => {
    if (NEVER_STATE.test(name)) return false
    const folded = foldedName(name)
    if (drafted.includes(folded) || kept.includes(folded)) return true
    if (ANY_STATE.test(folded) && !(isPlain && PLAIN.test(name))) return true
    const temporary = readTemporaryName(name)
    return temporary !== null && drafted.includes(foldedName(temporary.file))
  })
}
