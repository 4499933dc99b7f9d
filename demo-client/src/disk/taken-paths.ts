// The paths of the files of one batch, so that no two of them end under one name: the second would replace the first.
import type { BigIntStats, Stats } from 'node:fs'
import { sameOutput } from '../claim/lock.ts'
import { nameKey } from '../state/name-key.ts'

/** The path that one download takes. */
export interface PathHolder {
  /** Takes the path, and leaves the one that it took before. @throws DownloadError `ERR_DOWNLOAD_BUSY` if another has it */
  take(path: string): void
  /** @throws DownloadError `ERR_DOWNLOAD_BUSY` if the file at `path` is one of the others, by whatever name */
  assertNotTaken(path: string, stats: Stats): void
  /** Remembers the finished file itself. */
  finish(stats: BigIntStats): void
  /** Leaves the path to others: there is no file. */
  release(): void
}

/** For a download of its own. */
export const NO_OTHERS: PathHolder = {
  take: () => undefined,
  assertNotTaken: () => undefined,
  finish: () => undefined,
  release: () => undefined,
}

/** What the downloads of one batch have taken. Holds a few bytes for each. */
export class TakenPaths {
  readonly #paths = new Set<number>()
  readonly #files = new Set<number>()

  /** For the next download. */
  holder(): PathHolder {
    const paths = this.#paths
    const files = this.#files
    let mine: number | null = null
    const release = (): void => {
      if (mine !== null) paths.delete(mine)
      mine = null
    }
    return {
      take: (path) => {
        const key = nameKey(path)
        if (key === mine) return
        if (paths.has(key)) throw sameOutput(path)
        release()
        paths.add(key)
        mine = key
      },
      assertNotTaken: (path, { dev, ino, birthtimeMs }) => {
        if (files.has(fileKey([dev, ino, Math.floor(birthtimeMs)]))) throw sameOutput(path)
      },
      finish: ({ dev, ino, birthtimeNs }) =>
        void files.add(fileKey([Number(dev), Number(ino), Number(birthtimeNs / 1_000_000n)])),
      release,
    }
  }
}

/** An inode gets to another file once its own is deleted, which was made at another time. */
function fileKey(id: readonly number[]): number {
  return nameKey(id.join(' '))
}
