import { type BigIntStats, fstatSync, readFileSync } from 'node:fs'
import { type MountList, mountsAfter } from './local-file-systems.ts'
import { pathKnownOf } from './real-path.ts'

/**
 * File systems that keep the inode of an open file in memory. Reading its status reads no disk and asks nobody. Overlays are
 * not among them, since their layers may be on a network.
 */
const MEMORY_TYPES = new Set(['btrfs', 'devtmpfs', 'ext2', 'ext3', 'ext4', 'f2fs', 'ramfs', 'tmpfs', 'xfs'])

const MOUNT_ID = /^mnt_id:\s+(\d+)$/m

/**
 * Looks at an open file on the main thread, where no look can wait for a disk. The way to a thread and back costs ten times
 * as much. Only the descriptor is looked at, never a path: since a moment ago, a path may lead through a mount that hangs.
 *
 * Linux says by which mount a file was opened, and the mount keeps its number while the file is open. So a list of
 * mounts that was read after the file was opened says what file system the descriptor belongs to.
 */
export class MemoryLookup {
  readonly #fd: number
  readonly #openedAtMs = performance.now()
  #mountId: number | 'unread' | 'unknown' = 'unread'
  #list: MountList | undefined
  #isInMemory = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Whether looks at this file read no disk, as far as is known yet. Call it only while the file is open. */
  isPossible(): boolean {
    if (this.#mountId === 'unread') this.#mountId = mountIdOf(this.#fd)
    if (this.#mountId === 'unknown') return false
    const list = mountsAfter(this.#openedAtMs)
    if (list !== this.#list) {
      this.#list = list
      this.#isInMemory = MEMORY_TYPES.has(list?.types.get(this.#mountId) ?? '')
    }
    return this.#isInMemory
  }

  /** The status of the open file. Call it only if {@link isPossible}, and while the file is open. */
  status(): BigIntStats {
    return fstatSync(this.#fd, { bigint: true })
  }

  /** The path that the open file has now. Something that was mounted since may cover it. Call it only while the file is open. */
  path(): string | undefined {
    return pathKnownOf(this.#fd)
  }
}

/** The number of the mount by which a file was opened, proc_pid_fdinfo(5). The kernel makes this text from memory. */
function mountIdOf(fd: number): number | 'unknown' {
  try {
    const [, id] = MOUNT_ID.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? []
    return id === undefined ? 'unknown' : Number(id)
  } catch {
    // Only Linux has it, and not every process has a /proc.
    return 'unknown'
  }
}
