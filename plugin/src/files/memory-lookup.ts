import { type BigIntStats, fstatSync, readlinkSync, statSync } from 'node:fs'
import { kindOf, type MountList, mountsAfter } from './local-file-systems.ts'
import { mountsAlong } from './mount-list.ts'

/**
 * File systems that keep in memory what belongs to an open file: its inode, and the names of its folders. A look-up of
 * these reads no disk and asks nobody. Overlays are not among them, since their layers may be on a network.
 */
const MEMORY_TYPES = new Set(['btrfs', 'devtmpfs', 'ext2', 'ext3', 'ext4', 'f2fs', 'ramfs', 'tmpfs', 'xfs'])

/**
 * Looks at an open file on the main thread, where no look-up can wait for a disk. The way to a thread and back costs ten
 * times as much.
 *
 * While a file is open, Linux keeps its inode and its directory entry in memory, with those of all folders above. On the
 * file systems of {@link MEMORY_TYPES} nothing else is needed to follow its real path or to read its status. All file
 * systems on the way count, by a list of mounts that was read after the file was opened. If another file has taken
 * the path since, one such look-up may read a folder from a local disk. It finds the change, and is the last.
 */
export class MemoryLookup {
  readonly #fd: number
  readonly #realPath: string
  readonly #openedAtMs = performance.now()
  #isUsable = process.platform === 'linux'
  #list: MountList | undefined
  #isInMemory = false

  /** @param realPath the path of the open file, without symlinks */
  constructor(fd: number, realPath: string) {
    this.#fd = fd
    this.#realPath = realPath
  }

  /** Whether the look-ups of this file read no disk, as far as is known yet. */
  isPossible(): boolean {
    if (!this.#isUsable) return false
    const list = mountsAfter(this.#openedAtMs)
    if (list !== this.#list) {
      this.#list = list
      this.#isInMemory = list !== undefined && staysInMemory(this.#realPath, list)
    }
    return this.#isInMemory
  }

  /** The status of the open file. Call it only if {@link isPossible}, and while the file is open. */
  ofDescriptor(): BigIntStats {
    return fstatSync(this.#fd, { bigint: true })
  }

  /**
   * The status of the file to which the real path leads now, if that is certainly this file, by the same name and without
   * symlinks: Linux knows the path of an open file. Undefined if it may be another. Call it as {@link ofDescriptor}.
   */
  ofPath(): BigIntStats | undefined {
    try {
      if (readlinkSync(`/proc/self/fd/${this.#fd}`) !== this.#realPath) return undefined
      return statSync(this.#realPath, { bigint: true, throwIfNoEntry: false })
    } catch {
      // There may be no /proc, or a folder may not be entered any more.
      this.#isUsable = false
      return undefined
    }
  }
}

function staysInMemory(path: string, { mounts }: MountList): boolean {
  const [own, ...above] = mountsAlong(path, mounts)
  if (own === undefined || !MEMORY_TYPES.has(own.type)) return false
  // The overlay of a container holds the running program itself. If that hangs, so does everything.
  return above.every(
    (mount) => MEMORY_TYPES.has(mount.type) || (mount.point === '' && kindOf(mount) === 'local'),
  )
}
