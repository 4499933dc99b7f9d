import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A FUSE file system that shows a folder at another place. */
export interface FileSystem {
  readonly name: string
  /** Mounts a folder elsewhere, without caches of names and stats: what changes below is seen at once. */
  readonly mount: (below: string, at: string) => readonly string[]
}

export const BINDFS: FileSystem = {
  name: 'bindfs',
  mount: (below, at) => ['-o', 'attr_timeout=0,entry_timeout=0', below, at],
}

export const FILE_SYSTEMS: readonly FileSystem[] = [
  BINDFS,
  { name: 'mergerfs', mount: (below, at) => ['-o', 'cache.attr=0,cache.entry=0', below, at] },
]

/** The two places of one folder. */
export interface Places {
  /** What is mounted. */
  readonly below: string
  /** Where it is mounted. */
  readonly root: string
}

/** Mounts the folder `below` of the test, and unmounts it afterwards: before the folders of the test are removed. */
export async function onMount(
  t: Test,
  fileSystem: FileSystem,
  { files, use }: { readonly files: object; readonly use: (places: Places) => Promise<void> },
): Promise<void> {
  const base = t.testdir({ below: files as NonNullable<Parameters<Test['testdir']>[0]>, mount: {} })
  const [below, root] = [join(base, 'below'), join(base, 'mount')]
  try {
    execFileSync(fileSystem.name, fileSystem.mount(below, root), { stdio: 'ignore' })
    await use({ below, root })
  } catch (error) {
    // Root in a container may not be allowed to mount.
    if (statSync(root).dev !== statSync(base).dev || process.env['CI'] !== undefined) throw error
    t.pass('mounted', { skip: 'mounting is not allowed here' })
  } finally {
    // Lazy: the server still holds the file open.
    spawnSync('umount', ['--lazy', root])
  }
}

/** Why a test cannot mount with a program; false if it can. */
export function without(program: string): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to mount'
  if (!existsSync('/dev/fuse')) return 'no FUSE here'
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
  } catch {
    return 'FUSE is not allowed here'
  }
  return spawnSync('which', [program]).status === 0 ? false : `no ${program} here`
}
