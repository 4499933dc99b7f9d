import { type FileVersion, hasBirthTime, mtimeSecondOf, sameContent, sameWrite } from './file-version.ts'
import { leadsElsewhere } from './real-path.ts'

/** How many files are remembered: about 2 MiB. */
const MAX_REMEMBERED = 4096

/** One look at a file. */
export interface SeenFile {
  readonly version: FileVersion
  /** Where the file lay, symlinks followed. */
  readonly realPath: string
  /** Whether reading it moves its atime. */
  readonly reads: 'keep atime' | 'move atime'
}

interface KnownContent {
  readonly seen: SeenFile
  /** The ctime of the first version with this content. */
  readonly ctimeNs: bigint
}

interface KnownDate {
  readonly tag: string
  /** Seconds since the epoch. */
  readonly second: number
  readonly strength: 'strong' | 'weak'
}

/**
 * Whether a file has the content that it had when it was seen, as far as can be told. A rename moves the ctime too;
 * it took place when the path leads to another file by now, or to none.
 */
export async function hasContentOf(seen: SeenFile, now: FileVersion): Promise<boolean> {
  const { version, realPath, reads } = seen
  if (sameContent(version, now, reads)) return true
  // The descriptor may have been handed on to the file that the path leads to now.
  if (!sameWrite(version, now) || version.ino !== now.ino) return false
  return leadsElsewhere(realPath, version)
}

/**
 * What this process has seen of files, so that a tag outlives changes that touch no byte, and a date that two
 * versions share is no strong validator. It forgets the file that was seen longest ago, and everything at its end: a
 * file whose mode was changed has another tag after a restart, which costs a client its resume and never a byte.
 */
export class VersionHistory {
  readonly #contents = new Map<string, KnownContent>()
  readonly #dates = new Map<string, KnownDate>()

  /** The ctime to make a tag of: that of the first version with the content that the file has now. */
  async ctimeOf(seen: SeenFile): Promise<bigint> {
    const { version } = seen
    // Inode numbers are used again; without a time of birth a new file may look like the old one with another mode.
    if (!hasBirthTime(version)) return version.ctimeNs
    const key = [version.dev, version.ino, version.birthtimeNs, version.size, version.mtimeNs].join(':')
    const known = this.#contents.get(key)
    const isKnown = known !== undefined && (await hasContentOf(known.seen, version))
    const ctimeNs = isKnown ? known.ctimeNs : version.ctimeNs
    // A look that took longer than a later one must not replace it.
    if (known === undefined || known.seen.version.ctimeNs <= version.ctimeNs)
      remember(this.#contents, key, { seen, ctimeNs })
    return ctimeNs
  }

  /**
   * Whether the date of a version names it alone. RFC 9110 §8.8.2.2: a date is strong when the "origin server
   * reliably knows that the associated representation did not change twice during the second covered by the presented
   * validator". A version of other content that was dated with the same second (its mtime was put back, or comes from
   * another clock) shows that it did.
   */
  dateStrengthOf({ version, realPath }: SeenFile, tag: string): 'strong' | 'weak' {
    const second = mtimeSecondOf(version)
    if (second === undefined) return 'weak'
    const known = this.#dates.get(realPath)
    if (known?.tag === tag) return known.strength
    const strength = known?.second === second ? 'weak' : 'strong'
    remember(this.#dates, realPath, { tag, second, strength })
    return strength
  }
}

/** That of this process: all registrations serve the same files. */
export const versionHistory: VersionHistory = new VersionHistory()

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest)
}
