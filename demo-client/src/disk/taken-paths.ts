// The paths of the files of one batch, so that no two of them end under one name: the second would replace the first.
//
// Two paths may lead to one file: by a link to a folder, or by a spelling that the file system does not distinguish. So what is
// at a path is compared with the finished files themselves, too, and again just before it is replaced.
import type { BigIntStats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sameOutput } from '../claim/lock.ts'
import { foldedName } from '../state/file-name.ts'
import { nameKey } from '../state/name-key.ts'

/** The name that a finished file gets. */
export interface NewName {
  /** Its path in messages. */
  readonly path: string
  /** Where links lead from there. */
  readonly target: string
  /** The finished file. */
  readonly stats: BigIntStats
  readonly existing: 'refuse' | 'replace'
}

/** The path that one download takes. */
export interface PathHolder {
  /** Takes the path, and leaves the one that it took before. @throws DownloadError `ERR_DOWNLOAD_BUSY` if another has it */
  take(path: string): void
  /**
   * @param target where links lead from `path`
   * @throws DownloadError `ERR_DOWNLOAD_BUSY` if the file there is one of the others, by whatever name
   */
  assertNotTaken(path: string, target: string): Promise<void>
  /** The file that is at `target` is the one of this download. @throws as {@link assertNotTaken} */
  keep(path: string, target: string): Promise<void>
  /**
   * Calls `give`, which gives a finished file its name. Files that may replace others are named one after the other.
   * @throws DownloadError `ERR_DOWNLOAD_BUSY` if what would be replaced is one of the others
   */
  name(name: NewName, give: () => Promise<void>): Promise<void>
  /** Leaves the path to others: there is no file. */
  release(): void
}

/** For a download of its own. */
export const NO_OTHERS: PathHolder = {
  take: () => undefined,
  assertNotTaken: async () => undefined,
  keep: async () => undefined,
  name: (_, give) => give(),
  release: () => undefined,
}

/** What the downloads of one batch have taken. Holds a few bytes for each. */
export class TakenPaths {
  readonly #paths = new Set<number>()
  /** The name of each finished file, by what identifies the file. */
  readonly #files = new Map<number, number>()
  #lastTurn: Promise<void> = Promise.resolve()

  /** For the next download. */
  holder(): PathHolder {
    let mine: number | null = null
    const release = (): void => {
      if (mine !== null) this.#paths.delete(mine)
      mine = null
    }
    return {
      take: (path) => {
        const key = nameKey(path)
        if (key === mine) return
        if (this.#paths.has(key)) throw sameOutput(path)
        release()
        this.#paths.add(key)
        mine = key
      },
      assertNotTaken: (path, target) => this.#assertNotTaken(path, target),
      keep: (path, target) =>
        this.#inTurn(async () => {
          await this.#assertNotTaken(path, target)
          await this.#add(await statsOf(target), target)
        }),
      name: (name, give) => this.#name(name, give),
      release,
    }
  }

  async #name({ path, target, stats, existing }: NewName, give: () => Promise<void>): Promise<void> {
    const named = async (): Promise<void> => {
      await give()
      await this.#add(stats, target)
    }
    if (existing === 'refuse') return await named()
    await this.#inTurn(async () => {
      await this.#assertNotTaken(path, target)
      await named()
    })
  }

  /** Otherwise two files could both see that neither is there yet. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => undefined)
    await turn
  }

  async #add(stats: BigIntStats | null, target: string): Promise<void> {
    if (stats !== null) this.#files.set(fileKey(stats), await realNameKey(target))
  }

  async #assertNotTaken(path: string, target: string): Promise<void> {
    const stats = this.#files.size === 0 ? null : await statsOf(target)
    const name = stats === null ? undefined : this.#files.get(fileKey(stats))
    if (stats === null || name === undefined) return
    // Of a file with several names, each can be replaced without the others.
    if (stats.nlink > 1n && name !== (await realNameKey(target))) return
    throw sameOutput(path)
  }
}

async function statsOf(path: string): Promise<BigIntStats | null> {
  return await lstat(path, { bigint: true }).catch(() => null)
}

/** An inode gets to another file once its own is deleted, which was made at another time. */
function fileKey({ dev, ino, birthtimeNs }: BigIntStats): number {
  return nameKey(`${dev} ${ino} ${birthtimeNs}`)
}

/** Equal for all spellings of one path. */
async function realNameKey(path: string): Promise<number> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path))
  return nameKey(join(folder, foldedName(basename(path))))
}
