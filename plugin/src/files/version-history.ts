import {
  type FileVersion,
  fileKeyOf,
  hasBirthTime,
  mtimeSecondOf,
  sameContent,
  sameWrite,
} from './file-version.ts'
import { leadsElsewhere } from './real-path.ts'

/** How many files are remembered. They take about 2 MiB. */
const MAX_REMEMBERED = 4096

/** What one check of a file has seen. */
export interface SeenFile {
  readonly version: FileVersion
  /** The path of the file, with symlinks followed. */
  readonly realPath: string
  /** Whether reading it changes its atime. */
  readonly reads: 'keep atime' | 'move atime'
}

interface KnownContent {
  /** The last check of the file. */
  readonly seen: SeenFile
  /** The ctime of the first version with the content that the last check saw. */
  readonly ctimeNs: bigint
}

interface KnownDate {
  /** The tag of the last version seen at this path. */
  readonly tag: string
  /** The latest date of all versions seen at this path, in seconds since the epoch. */
  readonly latestSecond: number
  /** Of the date of the last version. */
  readonly strength: 'strong' | 'weak'
}

/**
 * Whether a file has the content that it had when it was seen, as far as the file system shows. A rename changes the ctime
 * too. It took place if the path now leads to another file or to none.
 */
export async function hasContentOf(seen: SeenFile, now: FileVersion): Promise<boolean> {
  const { version, realPath, reads } = seen
  if (sameContent(version, now, reads)) return true
  // A FUSE file system may have connected the descriptor with the file that the path leads to now.
  if (!sameWrite(version, now) || version.ino !== now.ino) return false
  return leadsElsewhere(realPath, version)
}

/**
 * What this process has seen of files. With it, a tag survives changes that touch no byte, and a date that two versions
 * share is not a strong validator. The least recently seen file is forgotten, and all files with the process: a file
 * whose mode was changed has another tag after a restart. Then a client cannot resume, but no byte is wrong.
 */
export class VersionHistory {
  readonly #contents = new Map<string, KnownContent>()
  readonly #dates = new Map<string, KnownDate>()

  /** The ctime for the tag: that of the first version with the current content of the file. */
  async ctimeOf(seen: SeenFile): Promise<bigint> {
    const { version } = seen
    // Inode numbers are used again. Without a birth time, a new file may look like the old one with another mode.
    if (!hasBirthTime(version)) return version.ctimeNs
    // One entry for each file: a change of the mode explains a ctime only since the last check. A content that came before
    // another one is forgotten, since a write may have brought its size and mtime back.
    const key = fileKeyOf(version)
    const known = this.#contents.get(key)
    const isKnown = known !== undefined && (await hasContentOf(known.seen, version))
    const ctimeNs = isKnown ? known.ctimeNs : version.ctimeNs
    // An earlier check that ended later must not replace a later one.
    if (known === undefined || known.seen.version.ctimeNs <= version.ctimeNs)
      remember(this.#contents, key, { seen, ctimeNs })
    return ctimeNs
  }

  /**
   * Whether only one version has the date. RFC 9110 §8.8.2.2: a date is strong when the "origin server
   * reliably knows that the associated representation did not change twice during the second covered by the presented
   * validator". So a date is strong only if it is later than the dates of all other versions seen at this path. Otherwise an
   * mtime was put back, or comes from another clock, and an earlier version may have had the same date.
   */
  dateStrengthOf({ version, realPath }: SeenFile, tag: string): 'strong' | 'weak' {
    const second = mtimeSecondOf(version)
    if (second === undefined) return 'weak'
    const known = this.#dates.get(realPath)
    if (known?.tag === tag) return known.strength
    const earlierSecond = known?.latestSecond ?? Number.NEGATIVE_INFINITY
    const strength = second > earlierSecond ? 'strong' : 'weak'
    remember(this.#dates, realPath, { tag, latestSecond: Math.max(second, earlierSecond), strength })
    return strength
  }
}

/** The one history of this process, since all registrations serve the same files. */
export const versionHistory: VersionHistory = new VersionHistory()

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest)
}
